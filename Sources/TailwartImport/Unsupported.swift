import TailwartWire

/// What no source's word can be turned into here, and what to do. `keep this with …` is added to each.
enum Unsupported: String {
    case unknown = "it is not supported; remove it"
    case endsTLS = "Tailwart does not terminate TLS; pass it through to a mailbox that has the certificate"
    case opensTLS = "Tailwart starts no TLS to an upstream; pass the client's TLS through"
    case datagrams = "UDP is not supported; remove it"
    case network = "only TCP and Unix stream sockets are supported; name one of these"
    case conditions = "only TLS server name, ALPN and client address can be matched; remove it"
    case perConnection =
        "it is evaluated per connection, and a client cannot choose its destination here; write a route for each name"
    case clients =
        "clients are not counted, remembered or slowed down by rules here; remove it, and give each its share with 'limits'"
    case source = "the source address cannot be set here; let the routing table choose it (`ip route … src`)"
    case answers = "Tailwart sends no answers of its own; remove it"
    case content = "payload is not inspected, copied or changed here; remove it"
    case expression = "only names can be matched, and this matches too many to list; write each name"
    case lists = "separate list files are not read; write the values here"
    case several = "these conditions do not fit into one match; split them"
}

/// The words of a source that no code is needed for: what each comes to.
struct WordTable {
    private let harmless: Set<String>
    private let valued: Set<String>
    private let left: [String: String]
    private let refused: [String: Unsupported]
    private let details: [String]

    /// - Parameters:
    ///   - harmless: words that tune, log or say what happens here anyway, with space between them.
    ///   - valued: words before one value, of whichever kind; the others stand alone.
    ///   - tuning: words that are left out, and said to be.
    ///   - left: words that are left out, with the reason.
    ///   - details: how words begin that are harmless too.
    init(
        harmless: String = "", valued: String = "", tuning: String = "", left: [String: String] = [:],
        refused: [String: Unsupported] = [:], details: [String] = []
    ) {
        func words(_ text: String) -> Set<String> { Set(text.split(whereSeparator: \.isWhitespace).map(String.init)) }
        self.valued = words(valued)
        self.harmless = words(harmless).union(self.valued)
        self.left = words(tuning).reduce(into: left) { $0[$1] = "it is for the log or tunes" }
        self.refused = refused
        self.details = details
    }

    /// Says what becomes of a word.
    ///
    /// - Returns: whether a value belongs to it.
    @discardableResult
    func read(_ word: String, at position: SourcePosition, _ findings: Findings) -> Bool {
        if let reason = left[word] {
            findings.note("\(word.quoted) is left out: \(reason)", at: position)
        } else if let reason = refused[word] {
            findings.refuse(word, reason, at: position)
        } else if !harmless.contains(word), !details.contains(where: word.hasPrefix) {
            findings.refuse(word, .unknown, at: position)
        }
        return valued.contains(word)
    }
}

extension Findings {
    /// - Parameter word: of the source; nil where the position says it all.
    func refuse(_ word: String?, _ reason: Unsupported, at position: SourcePosition) {
        let subject = word.map { "\($0.quoted): " } ?? ""
        refuse("\(subject)\(reason.rawValue), or keep this with \(program)", at: position)
    }

    func refuse<Value>(_ word: String?, _ reason: Unsupported, at position: SourcePosition) -> Value? {
        refuse(word, reason, at: position)
        return nil
    }

    /// What could be said in one match; nil with that refused if it could not.
    func said<Match>(_ match: Match?, of word: String? = nil, at position: SourcePosition) -> Match? {
        match ?? refuse(word, .several, at: position)
    }
}
