import TailwartCore
import Testing

@Suite struct RefusalTests {
    @Test(arguments: ListenerProtocol.allCases, Refusal.Cause.allCases)
    func `a refusal is temporary and fits in one line`(proto: ListenerProtocol, cause: Refusal.Cause) {
        switch Refusal(host: "mail.example.org").manner(for: proto, cause, edge: "localhost") {
        case .words(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(
                [
                    "421 4.3.2 mail.example.org ", "421 4.7.0 mail.example.org ", "* BYE [UNAVAILABLE] ",
                    "-ERR [SYS/TEMP] ", "BYE (TRYLATER) \"",
                ]
                .contains(where: text.hasPrefix))
            #expect(text.hasSuffix("\r\n"))
            // RFC 5321 section 4.5.3.1.5: a reply line has at most 512 octets.
            #expect(bytes.count <= 512)
            #expect(bytes.dropLast(2).allSatisfy { (32...126).contains($0) })
            #expect(proto.firstSpeaker == .server)
        case .alert: #expect(proto.firstSpeaker == .client)
        case .none: #expect(proto == .tcp)
        }
    }

    @Test func `nothing is said to scanners and to those who left`() {
        for reason in [
            CloseReason.clientLeft, .helloTimeout, .helloInvalid, .routeClose, .proxyHeaderUntrusted, .closed,
        ] {
            #expect(reason.rule.told == .nothing, "\(reason)")
        }
    }
}
