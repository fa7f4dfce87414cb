/// The parts of a URL that the gate uses: `scheme://host:port/path?query`.
struct PlainURL: Sendable, Hashable {
    /// Lower case.
    let scheme: String
    let endpoint: HostAndPort
    /// As it goes into a request: begins with `/`, has no fragment, and nothing that needs an escape.
    let requestTarget: String

    /// Longer than any health endpoint, and short enough for a request line.
    private static let maximumLength = 2048

    /// - Parameter schemes: what is understood, with the usual port of each; the first is the one to advise.
    init(_ text: String, schemes: KeyValuePairs<String, UInt16>) throws(WrongUse) {
        guard text.utf8.count <= Self.maximumLength else {
            throw WrongUse("a URL of more than \(Self.maximumLength) bytes is not taken")
        }
        let known = schemes.map { "\($0.key)://" }
        let advised = known.first ?? ""
        guard let mark = text.firstRange(of: "://") else {
            throw WrongUse("there is no scheme; write \(advised)\(text)")
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard let usualPort = schemes.first(where: { $0.key == scheme })?.value else {
            throw WrongUse("the scheme \"\(scheme)\" is not known here; write one of \(known.joined(separator: " "))")
        }
        if let (index, character) = text.enumerated().first(where: { !Self.isPlain($0.element) }) {
            throw WrongUse(
                "character \(index + 1), \"\(character)\", is not allowed in a URL; percent-encode it, such as %20")
        }
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw WrongUse("a user name and a password cannot be given; leave out what stands before the @")
        }
        self.scheme = scheme
        endpoint = try HostAndPort(String(authority), defaultPort: usualPort, example: usualPort)
        let target = rest.dropFirst(authority.count).prefix { $0 != "#" }
        self.requestTarget = target.hasPrefix("/") ? String(target) : "/\(target)"
    }

    /// The path, without the query.
    var path: Substring { requestTarget.prefix { $0 != "?" } }

    /// Names and values as they stand in the URL.
    var query: [(name: Substring, value: Substring)] {
        requestTarget.dropFirst(path.count + 1).split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (name, pair.dropFirst(name.count + 1))
        }
    }

    private static func isPlain(_ character: Character) -> Bool {
        guard let byte = character.asciiValue else { return false }
        return (0x21...0x7e).contains(byte) && !"\"<>\\^`{|}".utf8.contains(byte)
    }
}
