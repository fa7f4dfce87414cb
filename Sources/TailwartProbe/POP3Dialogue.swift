import TailwartCore

/// RFC 1939, RFC 2449 section 5 (CAPA) and RFC 2595 section 4 (STLS).
struct POP3Dialogue: Dialogue {
    private enum Phase {
        case greeting
        case capabilities(hasBegun: Bool)
        case startTLS
    }

    let goodbye = "QUIT"
    private let setting: DialogueSetting
    private var phase = Phase.greeting
    private var hasStartTLS = false

    init(_ setting: DialogueSetting) { self.setting = setting }

    mutating func receive(_ line: ServerLine) -> Step {
        let text = line.text.uppercased()
        let (isGood, isBad) = (text.hasPrefix("+OK"), text.hasPrefix("-ERR"))
        switch phase {
        case .greeting:
            // Stalwart says BYE in IMAP's words when it shuts down.
            if isBad || text.hasPrefix("* BYE") { return .stop(.busy, "The server greets with \(line.quoted).") }
            guard isGood else { return .stop(.wrongProtocol, "In place of a POP3 greeting came \(line.quoted).") }
            guard !setting.isProtected else { return .done }
            phase = .capabilities(hasBegun: false)
            return .say("CAPA")
        case .capabilities(hasBegun: false):
            guard isGood else {
                // Every server that knows STLS knows CAPA.
                return setting.refused(.startTLSMissing, "The server answers CAPA with \(line.quoted).")
            }
            phase = .capabilities(hasBegun: true)
            return .readOn
        case .capabilities(hasBegun: true):
            if text == "STLS" { hasStartTLS = true }
            if text.hasPrefix("* BYE") { return .stop(.busy, "The server says \(line.quoted).") }
            if isBad { return setting.misunderstood(line) }
            guard text == "." else { return .readOn }
            guard hasStartTLS else { return .stop(.startTLSMissing, "The capabilities do not name STLS.") }
            phase = .startTLS
            return .say("STLS")
        case .startTLS:
            return isGood
                ? .startTLS : .stop(.startTLSRefused, "The server offers STLS and answers it with \(line.quoted).")
        }
    }
}
