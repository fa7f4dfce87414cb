/// Whether a value is a secret itself, or only says where one is.
enum SecretValue {
    private static let nothing: Set<String> = [
        "", "true", "false", "yes", "no", "on", "off", "null", "none", "nil", "~", "-",
    ]

    /// Beginnings of references: shell, compose, templates, YAML tags, secret stores.
    private static let references = [
        "$", "{{", "%{", "%(", "%d/", "!vault", "!secret", "!env", "!ref", "!sub", "{env.", "{file.", "file:", "env:",
        "op://", "vault:", "enc[", "arn:", "ref+", "os.environ", "os.getenv", "process.env",
    ]

    /// What people write where somebody else shall write something.
    private static let placeholders = [
        "changeme", "change-me", "change_me", "placeholder", "example", "your-", "your_", "yourpassword", "yoursecret",
        "replace", "xxx", "***", "...", "…", "todo", "dummy", "redacted", "insert", "fill-in", "fill_in", "goes-here",
    ]

    static func isPlaceholder(_ text: String) -> Bool {
        let text = text.lowercased()
        return nothing.contains(text) || placeholders.contains(where: text.contains) || Set(text.utf8).count == 1
    }

    /// Longer than any password, token or line of a key; keeps the work for a hostile line small.
    private static let lengthLimit = 4096

    /// - Parameter isPassword: digits alone are a password, and hardly ever a token.
    static func isWrittenOut(_ value: String, isPassword: Bool) -> Bool {
        var text = String(value.prefix(lengthLimit))
        while let fallback = fallback(text) { text = fallback }
        if isPlaceholder(text) { return false }
        let lower = text.lowercased()
        if references.contains(where: lower.hasPrefix) || text.contains("${") || text.contains("{{") { return false }
        if isPath(text) || isAlias(text) || (text.hasPrefix("<") && text.hasSuffix(">")) { return false }
        return isPassword || !text.utf8.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
    }

    /// Whether it reads like a word of a sentence, `required` or `TOKEN.`: where prose is as likely as a value, only what does not
    /// is taken for a secret.
    static func isWord(_ text: String) -> Bool {
        var letters = Substring(text)
        while let last = letters.last, ".,;:!?)".contains(last) { letters.removeLast() }
        guard letters.utf8.allSatisfy({ $0.isLetter || Array("-_/'".utf8).contains($0) }) else { return false }
        let rest = letters.dropFirst()
        return rest == rest.lowercased() || letters == letters.uppercased()
    }

    /// What `${NAME:-fallback}` stands for where the variable is not set.
    private static func fallback(_ text: String) -> String? {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let inside = text.dropFirst(2).dropLast()
        let operation = inside.drop { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        if operation.hasPrefix(":-") { return String(operation.dropFirst(2)) }
        return operation.hasPrefix("-") ? String(operation.dropFirst()) : nil
    }

    /// `*name` in YAML.
    private static func isAlias(_ text: String) -> Bool {
        text.hasPrefix("*") && text.utf8.count > 1
            && text.utf8.dropFirst().allSatisfy { $0.isLetter || $0 == UInt8(ascii: "_") }
    }

    /// `/etc/ssl/key.pem`, `./key`, `~/.ssh/id`. Base64 may begin with a slash and have more of them, so a path has a dot or
    /// lower-case words only.
    private static func isPath(_ text: String) -> Bool {
        if text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("~/") { return true }
        guard text.hasPrefix("/") else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0.isDigit || Array("/._-".utf8).contains($0) }
    }
}
