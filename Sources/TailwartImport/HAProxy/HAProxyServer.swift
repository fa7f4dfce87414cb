import TailwartCore
import TailwartWire

/// A `server` line: an address and what stands behind it.
struct HAProxyServer {
    let address: HAProxyLine.Word
    let place: SourcePlace
    var header = Defaults.proxyProtocol
    var weight = 1
    var isBackup = false
    /// Why it gets no connections.
    var isOut: String?
    private(set) var isChecked = false
    private var interval: Duration?
    private var rise: Int?
    private var fall: Int?
    private var closes = false

    /// Words that take a value and tune.
    private static let tuning: Set<String> = [
        "fastinter", "downinter", "port", "addr", "maxconn", "minconn", "maxqueue", "resolvers", "resolve-prefer",
        "resolve-net", "resolve-opts", "init-addr", "on-marked-up", "observe", "error-limit", "slowstart", "cookie",
        "id",
        "track", "tcp-ut", "agent-port", "agent-inter", "agent-addr", "on-error", "check-proto", "check-sni",
        "check-alpn",
        "log-proto", "pool-max-conn", "pool-purge-delay", "pool-low-conn", "redir", "proto", "ws", "guid",
        "strict-maxconn",
    ]
    private static let flags: Set<String> = [
        "check-send-proxy", "no-agent-check", "agent-check", "tfo", "no-tfo", "stick", "non-stick", "enabled",
        "check-ssl",
        "no-check-ssl", "no-check-send-proxy", "no-backup", "no-ssl", "no-verifyhost",
    ]

    init(address: HAProxyLine.Word, place: SourcePlace) {
        self.address = address
        self.place = place
    }

    /// Nil where nothing is checked, or nothing is said about how.
    var health: HealthSettings? {
        guard isChecked, interval != nil || rise != nil || fall != nil || closes else { return nil }
        return HealthSettings(
            interval: interval ?? Defaults.healthInterval, rise: rise ?? Defaults.healthRise,
            fall: fall ?? Defaults.healthFall, closeIfUnhealthy: closes)
    }

    mutating func read(_ words: some Sequence<HAProxyLine.Word>, _ findings: Findings) {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            switch word.text {
            case "check": isChecked = true
            case "no-check": isChecked = false
            case "send-proxy": header = ProxyProtocolOut(.v1)
            case "send-proxy-v2": header = ProxyProtocolOut(.v2, tlvs: header.tlvs)
            case "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
                header = ProxyProtocolOut(.v2, tlvs: header.tlvs)
                findings.note(
                    "nothing is said about TLS in the header here, as the proxy did not end it; plain v2",
                    at: word.place)
            case "no-send-proxy", "no-send-proxy-v2": header = Defaults.proxyProtocol
            case "proxy-v2-options": readOptions(rest.popFirst(), findings)
            case "backup": isBackup = true
            case "disabled": isOut = "it is disabled"
            case "weight": readWeight(rest.popFirst(), findings)
            case "inter": interval = readInterval(rest.popFirst(), findings)
            case "rise": rise = readCount(rest.popFirst(), findings)
            case "fall": fall = readCount(rest.popFirst(), findings)
            case "on-marked-down": closes = rest.popFirst()?.text == "shutdown-sessions"
            case "source", "usesrc":
                let address = rest.popFirst()?.text
                findings.checkSource(
                    word.text == "source" ? address : nil, word.text, at: word.place,
                    else:
                        "the address to dial from cannot be chosen here; let the routing table choose it, and remove this"
                )
            case "ssl", "sni", "verify", "ca-file", "crt", "alpn", "verifyhost":
                findings.refuse(
                    "Tailwart opens no TLS to an upstream; pass the client's TLS through, or keep this with HAProxy",
                    at: word.place)
                if word.text != "ssl" { _ = rest.popFirst() }
            case _ where Self.flags.contains(word.text): break
            case _ where Self.tuning.contains(word.text): _ = rest.popFirst()
            default:
                findings.refuse("\(word.text.quoted) has no counterpart here; remove it", at: word.place)
            }
        }
    }

    private mutating func readOptions(_ word: HAProxyLine.Word?, _ findings: Findings) {
        guard let word else { return }
        let known = ["authority": ProxyProtocolOut.TLVs.authority, "crc32c": .crc32c, "unique-id": .uniqueID]
        header.tlvs = []
        for option in word.text.split(separator: ",").map(String.init) {
            if let tlv = known[option] {
                header.tlvs.insert(tlv)
            } else {
                findings.note(
                    "\(option.quoted) is left out of the header: it is about TLS that the proxy did not end",
                    at: word.place)
            }
        }
    }

    private mutating func readWeight(_ word: HAProxyLine.Word?, _ findings: Findings) {
        guard let word, let number = Int(word.text) else {
            return findings.refuse("a whole number should follow 'weight'", at: word?.place ?? place)
        }
        if number == 0 { isOut = "a weight of 0 gets no connections" }
        weight = max(1, number).within(Allowed.weight, "a weight", at: word.place, findings)
    }

    private func readInterval(_ word: HAProxyLine.Word?, _ findings: Findings) -> Duration? {
        guard let word, let duration = ForeignDuration.haproxy(word.text) else {
            findings.refuse("a duration should follow 'inter'", at: word?.place ?? place)
            return nil
        }
        return duration.within(
            Allowed.healthInterval, "'inter'", at: word.place, findings)
    }

    private func readCount(_ word: HAProxyLine.Word?, _ findings: Findings) -> Int? {
        guard let word, let number = Int(word.text) else {
            findings.refuse("a whole number should follow", at: word?.place ?? place)
            return nil
        }
        return number.within(Allowed.healthCount, "a number of checks", at: word.place, findings)
    }
}
