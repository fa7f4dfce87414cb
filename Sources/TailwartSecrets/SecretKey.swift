/// Whether the name of a key or variable says that its value is a secret.
enum SecretKey {
    private static let endings = ["password", "passwd", "passphrase", "secret", "authkey", "apikey", "token", "psk"]
    /// As words of their own or run together with what comes before: `PGPASS`, `DBPASS`, `DBPWD`.
    private static let shortEndings = ["pass", "pwd"]
    /// Words that end like one.
    private static let plainWords: Set<String> = [
        "bypass", "compass", "encompass", "surpass", "trespass", "overpass", "underpass", "oldpwd",
    ]
    /// Before `key`: `api_key`, `PrivateKey`. `cache_key` and `public_key` are no secrets.
    private static let kindsOfKeys: Set<String> = [
        "auth", "api", "private", "secret", "access", "encryption", "signing", "hmac", "account", "master", "preshared",
        "webhook", "license",
    ]
    private static let kindsOfPlainKeys: Set<String> = [
        "public", "pub", "primary", "foreign", "sort", "partition", "cache", "idempotency", "site", "host",
    ]
    /// Stalwart's recovery account, `NAME:PASSWORD`: the name says nothing of a secret.
    private static let recoveryAccount = "stalwart_recovery_admin"

    /// The part of a value that is the secret.
    static func secretPart(of value: String, named name: String) -> String {
        guard name.lowercased() == recoveryAccount, !value.hasPrefix("$") else { return value }
        return value.firstIndex(of: ":").map { String(value[value.index(after: $0)...]) } ?? ""
    }

    /// Whether it is a password, which may be anything, digits alone too.
    static func isPassword(_ name: String) -> Bool {
        let last = words(of: name).last ?? ""
        return isShort(last) || ["password", "passwd", "passphrase", "psk"].contains { last.hasSuffix($0) }
    }

    static func isSecret(_ name: String) -> Bool {
        if name.lowercased() == recoveryAccount { return true }
        let words = words(of: name)
        guard let last = words.last else { return false }
        if isShort(last) || endings.contains(where: last.hasSuffix) { return true }
        guard last == "key", words.count > 1 else { return false }
        let kind = words[words.count - 2]
        // A variable that is called a key is one, unless it says otherwise; keys in files are called so for other reasons too.
        let isVariable = name == name.uppercased()
        return kindsOfKeys.contains(kind) || (isVariable && !kindsOfPlainKeys.contains(kind))
    }

    private static func isShort(_ word: String) -> Bool {
        shortEndings.contains(where: word.hasSuffix) && !plainWords.contains(word)
    }

    /// `TS_AUTHKEY`, `authSecret`, `api-key` in lower-case words.
    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var previous: UInt8 = 0
        for byte in name.utf8 {
            let isUpper = (0x41...0x5A).contains(byte)
            if !byte.isLetter && !byte.isDigit || (isUpper && (0x61...0x7A).contains(previous)) {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if byte.isLetter || byte.isDigit { word.append(Character(Unicode.Scalar(byte | (isUpper ? 0x20 : 0)))) }
            previous = byte
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
