import TailwartCore

/// ManageSieve: the greeting is the list of capabilities (RFC 5804 sections 1.7 and 2.2).
struct SieveDialogue: Dialogue {
    let goodbye = "LOGOUT"
    private let setting: DialogueSetting
    private var hasGreeted = false
    private var hasStartTLS = false

    init(_ setting: DialogueSetting) { self.setting = setting }

    mutating func receive(_ line: ServerLine) -> Step {
        let text = line.text.uppercased()
        let status = text.prefix { $0.isLetter }
        if hasGreeted {
            return status == "OK"
                ? .startTLS
                : setting.refused(
                    .startTLSRefused, "The server offers STARTTLS and answers it with \(line.quoted).")
        }
        switch status {
        case "OK":
            guard hasStartTLS else { return .stop(.startTLSMissing, "The capabilities do not name STARTTLS.") }
            hasGreeted = true
            return .say("STARTTLS")
        case "BYE": return .stop(.busy, "The server greets with \(line.quoted).")
        case "NO":
            return setting.refused(.wrongProtocol, "In place of a ManageSieve greeting came \(line.quoted).")
        default:
            guard text.hasPrefix("\"") else {
                return .stop(.wrongProtocol, "In place of a ManageSieve greeting came \(line.quoted).")
            }
            if text.hasPrefix("\"STARTTLS\"") { hasStartTLS = true }
            return .readOn
        }
    }
}
