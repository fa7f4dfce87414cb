/// Whether the name of a key says that its value is a secret, and whether the value is one or only says where it is.
enum SecretKey {
    /// Also of words that are run together: `PGPASS`, `DBPWD`.
    private static let passwords = ["password", "passwd", "passphrase", "psk", "pass", "pwd"]
    private static let tokens = ["secret", "authkey", "apikey", "token"]
    /// Words that end like one.
    private static let plainWords: Set = ["bypass", "compass", "oldpwd"]
    /// Before `key`: `api_key`, `PrivateKey`. `cache_key` and `public_key` are no secrets.
    private static let kindsOfKeys: Set = [
        "auth", "api", "private", "secret", "access", "encryption", "signing", "account",
    ]
    private static let kindsOfPlainKeys: Set = ["public", "pub", "primary", "cache", "site", "host"]
    /// Stalwart's recovery account, `NAME:PASSWORD`: the name says nothing of a secret.
    private static let recoveryAccount = "stalwart_recovery_admin"

    static func isSecret(_ name: String) -> Bool {
        if name.lowercased() == recoveryAccount || isPassword(name) { return true }
        let words = words(of: name)
        if tokens.contains(where: { words.last?.hasSuffix($0) == true }) { return true }
        guard words.last == "key", words.count > 1 else { return false }
        let kind = words[words.count - 2]
        // A variable that is called a key is one, unless it says otherwise; keys in files are called so for other reasons too.
        return kindsOfKeys.contains(kind) || (name == name.uppercased() && !kindsOfPlainKeys.contains(kind))
    }

    private static func isPassword(_ name: String) -> Bool {
        let last = words(of: name).last ?? ""
        return passwords.contains(where: last.hasSuffix) && !plainWords.contains(last)
    }

    /// `TS_AUTHKEY`, `authSecret`, `api-key` in lower-case words.
    private static func words(of name: String) -> [String] {
        var words = ""
        for character in name {
            if character.isUppercase, words.last?.isLowercase == true { words.append("_") }
            words.append(character)
        }
        return words.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    // MARK: Values

    private static let nothing: Set = ["", "true", "false", "yes", "no", "on", "off", "null", "none", "~", "-"]
    /// Beginnings of references: shell, compose, templates, YAML tags, secret stores.
    private static let references = ["$", "{{", "!vault", "!secret", "!env", "file:", "env:", "op://", "vault:"]
    /// What people write where somebody else shall write something.
    private static let placeholders = [
        "changeme", "change-me", "change_me", "placeholder", "example", "your-", "your_", "replace", "xxx", "***", "…",
    ]
    /// Longer than any password, token or line of a key; keeps the work for a hostile line small.
    private static let lengthLimit = 4096

    static func isWrittenOut(_ value: String, of key: String) -> Bool {
        var text = String(value.prefix(lengthLimit))
        if key.lowercased() == recoveryAccount, !text.hasPrefix("$") {
            text = text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? ""
        }
        while let fallback = fallback(text) { text = fallback }
        let lower = text.lowercased()
        if nothing.contains(lower) || placeholders.contains(where: lower.contains) || Set(lower.utf8).count == 1 {
            return false
        }
        if references.contains(where: lower.hasPrefix) || text.contains("${") || text.contains("{{") || isPath(text)
            || (text.hasPrefix("<") && text.hasSuffix(">"))
            // `*name` in YAML.
            || (text.hasPrefix("*") && text.dropFirst().allSatisfy { $0.isLetter || $0 == "_" })
        {
            return false
        }
        // Digits alone may be a password, and are hardly ever a token.
        return isPassword(key) || !text.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// What `${NAME:-fallback}` stands for where the variable is not set.
    private static func fallback(_ text: String) -> String? {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let operation = text.dropFirst(2).dropLast().drop { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        if operation.hasPrefix(":-") { return String(operation.dropFirst(2)) }
        return operation.hasPrefix("-") ? String(operation.dropFirst()) : nil
    }

    /// `/etc/ssl/key.pem`, `./key`, `~/.ssh/id`. Base64 may begin with a slash and have more of them, so a path has lower-case
    /// letters only.
    private static func isPath(_ text: String) -> Bool {
        if ["./", "../", "~/"].contains(where: text.hasPrefix) { return true }
        return text.hasPrefix("/")
            && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "/._-".contains($0)) }
    }
}
