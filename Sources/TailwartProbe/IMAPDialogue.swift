import TailwartCore

/// RFC 9051 sections 6.1.1, 6.1.3 and 7.1.
struct IMAPDialogue: Dialogue {
    private enum Phase {
        case greeting
        case capability
        case startTLS
    }

    let goodbye = "a9 LOGOUT"
    private let setting: DialogueSetting
    private var phase = Phase.greeting
    private var hasStartTLS = false

    init(_ setting: DialogueSetting) { self.setting = setting }

    mutating func receive(_ line: ServerLine) -> Step {
        let words = line.text.uppercased().split(separator: " ")
        let (tag, status) = (words.first ?? "", words.dropFirst().first ?? "")
        switch phase {
        case .greeting:
            guard tag == "*" else { return .stop(.wrongProtocol, "In place of an IMAP greeting came \(line.quoted).") }
            return greeting(status, line)
        case .capability:
            if status == "CAPABILITY" { hasStartTLS = hasStartTLS || words.contains("STARTTLS") }
            if status == "BYE" { return .stop(.busy, "The server says \(line.quoted).") }
            if tag != "A1", status == "BAD" { return setting.misunderstood(line) }
            guard tag == "A1" else { return .readOn }
            guard status == "OK" else {
                return .stop(.wrongProtocol, "The server answers CAPABILITY with \(line.quoted).")
            }
            guard hasStartTLS else { return .stop(.startTLSMissing, "The capabilities do not name STARTTLS.") }
            phase = .startTLS
            return .say("a2 STARTTLS")
        case .startTLS:
            guard tag == "A2" else { return .readOn }
            return status == "OK"
                ? .startTLS : .stop(.startTLSRefused, "The server offers STARTTLS and answers it with \(line.quoted).")
        }
    }

    private mutating func greeting(_ status: Substring, _ line: ServerLine) -> Step {
        switch status {
        case "OK":
            guard !setting.isProtected else { return .done }
            phase = .capability
            return .say("a1 CAPABILITY")
        case "PREAUTH": return .done
        case "BYE": return .stop(.busy, "The server greets with \(line.quoted).")
        case "BAD", "NO": return setting.misunderstood(line)
        default: return .stop(.wrongProtocol, "In place of an IMAP greeting came \(line.quoted).")
        }
    }
}
