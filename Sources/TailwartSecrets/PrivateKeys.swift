/// Private keys in PEM (RFC 7468) and their like: OpenSSH's, PGP's.
enum PrivateKeys {
    private static let begin = "-----BEGIN "
    private static let dashes = "-----"
    /// Base64 of a real key, at the least; a mention in prose or code has none behind it.
    private static let bodyLength = 16

    /// - Parameter file: the whole file, since the key itself begins on a later line.
    static func findings(in line: SourceLine, of file: [UInt8]) -> [SecretFinding] {
        guard let start = line.bytes.firstIndex(of: begin.utf8) else { return [] }
        let labelStart = start + begin.utf8.count
        guard let end = line.bytes.firstIndex(of: dashes.utf8, from: labelStart) else { return [] }
        let label = String(decoding: line.bytes[labelStart..<end], as: UTF8.self)
        guard label.hasSuffix("PRIVATE KEY") || label.hasSuffix("PRIVATE KEY BLOCK"),
            hasBody(file[(end + dashes.utf8.count)...])
        else { return [] }
        return [
            SecretFinding(
                line: line.number, column: line.column(of: start), "a private key (\(label))",
                fix: "keep it outside of the repository, and make a new one if it was ever pushed")
        ]
    }

    /// Whether a key follows: after line ends, also written as `\n`, and headers such as `Proc-Type: 4,ENCRYPTED`.
    private static func hasBody(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes.prefix(1024)
        while !rest.isEmpty {
            let word = rest.prefix { $0.isBase64 }
            if word.count >= bodyLength { return true }
            rest = rest[word.endIndex...].dropFirst()
            // A mention that ends, or another line of dashes, is no key.
            if rest.hasPrefix(dashes) { return false }
        }
        return false
    }
}
