import TailwartWire
import Testing

@Suite struct SMTPCommandTests {
    private static func mayBegin(_ bytes: [UInt8]) -> Bool { SMTPCommand.mayBegin(bytes.span) }

    @Test(arguments: [
        "EHLO mail.example.org\r\n", "ehlo x", "HeLo x\r\n", "MAIL FROM:<>\r\n", "QUIT\r\n", "STARTTLS\r\n",
        "XCLIENT NAME=a\r\n",
        "\r\nEHLO x\r\n", "E", "EH", "st", "\r\n", "\n",
    ])
    func `what begins with a verb, or how one begins, may be SMTP`(text: String) {
        #expect(Self.mayBegin(Array(text.utf8)))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "POST /", "OPTIONS / HTTP/1.0\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}", "SSH-2.0-x\r\n",
        "PROXY TCP4 1.2.3.4",
        "HELLO x\r\n", "\u{0}\u{0}", "{\"id\":1}", " EHLO x\r\n", "@LO",
    ])
    func `anything else is not`(text: String) {
        #expect(!Self.mayBegin(Array(text.utf8)))
    }

    @Test func `one wrong byte anywhere in a verb makes it none`() {
        let verb = Array("STARTTLS".utf8)
        for position in verb.indices {
            for byte in UInt8.min...UInt8.max where byte & ~0x20 != verb[position] {
                var bytes = verb
                bytes[position] = byte
                // STARTTLS has no other verb that begins like it.
                #expect(!Self.mayBegin(bytes), "\(position) \(byte)")
            }
        }
    }
}
