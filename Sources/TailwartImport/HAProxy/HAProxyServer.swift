import TailwartCore
import TailwartWire

/// A `server` line: an address and what stands behind it.
struct HAProxyServer {
    let address: SourceWord
    let position: SourcePosition
    private(set) var header = Defaults.proxyProtocol
    private(set) var weight = 1
    private(set) var isBackup = false
    /// Why it gets no connections.
    private(set) var isOut: String?
    private(set) var isChecked = false
    /// Where it is said that the client's address is dialled from.
    private(set) var usesClient: SourcePosition?
    private(set) var health = HealthSettings()
    /// Where it is checked; nil: where clients go.
    private var port: SourceWord?
    private var checkedPort: UInt16?
    /// Another host is checked, which is not done here: each is probed where its clients go.
    private var checksAnother = false
    private var sendsInChecks: Bool?

    var checkPort: UInt16? { checksAnother ? nil : checkedPort }

    /// The header of checks: that of clients, but where they go elsewhere and nothing else is said (`check-send-proxy` in the manual).
    var checkHeader: ProxyProtocolOut.Version {
        if checksAnother { return header.version }
        guard sendsInChecks ?? (port == nil) else { return .none }
        return sendsInChecks == true && header.version == .none ? .v1 : header.version
    }

    private static let check = "what is asked in a check, and where, follows from the protocol and the port here"

    private static let words = WordTable(
        harmless: """
            no-agent-check tfo no-tfo stick non-stick no-check-ssl no-ssl no-verifyhost
            """,
        // Those about TLS say nothing without `ssl` or `check-ssl`.
        valued: """
            fastinter downinter addr maxconn minconn maxqueue resolvers resolve-prefer resolve-net resolve-opts init-addr
            on-marked-up observe error-limit slowstart cookie id track tcp-ut agent-port agent-inter agent-addr agent-send
            on-error check-proto check-sni check-alpn log-proto pool-max-conn pool-purge-delay pool-low-conn redir ws guid
            strict-maxconn sni verify ca-file crl-file crt alpn verifyhost ciphers ciphersuites ssl-min-ver ssl-max-ver proto
            proxy-v2-options source usesrc
            """,
        left: [
            "addr": check, "check-ssl": check, "check-sni": check, "check-alpn": check,
            "check-proto": check,
            "agent-check": "there are no agents here", "track": "each endpoint is probed by itself",
            "maxconn": "each listener counts here ('max_connections')",
            "resolve-prefer": "the addresses of a name are tried one after the other, of both families",
            "send-proxy-v2-ssl": "nothing is said about TLS in the header here, as the proxy did not end it; plain v2",
            "send-proxy-v2-ssl-cn":
                "nothing is said about TLS in the header here, as the proxy did not end it; plain v2",
        ],
        refused: [
            "ssl": .opensTLS, "source": .source, "usesrc": .source, "proto": .content, "redir": .content,
            "proxy-v2-options": .unknown,
        ])

    /// Nil with that refused if there is no address.
    ///
    /// - Parameter defaults: words that hold where the line says nothing else.
    init?(_ line: SourceStatement, defaults: [SourceWord], _ findings: Findings) {
        guard line.words.count >= 2 else {
            findings.refuse("a server has a name and an address", at: line.position)
            return nil
        }
        (address, position) = (line.words[1], line.position)
        var rest = (defaults + line.words.dropFirst(2))[...]
        /// The value of a word.
        func count(_ range: ClosedRange<Int>, _ what: String, or usual: Int) -> Int {
            let word = rest.popFirst()
            return findings.number(word?.text, in: range, what, at: word?.position ?? line.position) ?? usual
        }
        while let word = rest.popFirst() {
            switch word.text {
            case "check": isChecked = true
            case "no-check": isChecked = false
            case "send-proxy": header = ProxyProtocolOut(.v1)
            case "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
                header = ProxyProtocolOut(.v2)
                if word.text != "send-proxy-v2" { Self.words.read(word.text, at: word.position, findings) }
            case "no-send-proxy", "no-send-proxy-v2": header = Defaults.proxyProtocol
            case "source"
            where ["0.0.0.0", "::"].contains(rest.first?.text) && rest.dropFirst().first?.text == "usesrc"
                && ["clientip", "client"].contains(rest.dropFirst(2).first?.text):
                usesClient = word.position
                rest = rest.dropFirst(3)
            case "port":
                checkedPort = UInt16(exactly: count(1...65_535, "a port", or: 0)).flatMap { $0 == 0 ? nil : $0 }
                port = word
            case "addr":
                checksAnother = true
                Self.words.read(word.text, at: word.position, findings)
                _ = rest.popFirst()
            case "check-send-proxy": sendsInChecks = true
            case "no-check-send-proxy": sendsInChecks = nil
            case "backup": isBackup = true
            case "no-backup": isBackup = false
            case "disabled": isOut = "it is disabled"
            case "enabled": isOut = nil
            case "weight" where rest.first?.text == "0":
                (isOut, _) = ("a weight of 0 gets no connections", rest.popFirst())
            case "weight": weight = count(Allowed.weight, "a weight", or: weight)
            case "inter":
                guard let value = rest.popFirst(), let time = ForeignDuration.haproxy(value.text) else {
                    findings.refuse("expected a duration after 'inter'", at: word.position)
                    continue
                }
                health.interval = findings.fit(time, in: Allowed.healthInterval, "'inter'", at: value.position)
            case "rise": health.rise = count(Allowed.healthCount, "a number of checks", or: health.rise)
            case "fall": health.fall = count(Allowed.healthCount, "a number of checks", or: health.fall)
            case "on-marked-down": health.closeIfUnhealthy = rest.popFirst()?.text == "shutdown-sessions"
            default: if Self.words.read(word.text, at: word.position, findings) { _ = rest.popFirst() }
            }
        }
        if checksAnother, let port { findings.note("'port' is left out: \(Self.check)", at: port.position) }
    }
}
