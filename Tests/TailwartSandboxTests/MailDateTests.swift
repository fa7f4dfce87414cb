import TailwartWire
import Testing

@testable import TailwartSandbox

@Suite struct MailDateTests {
    @Test(arguments: [
        (0, "Thu, 1 Jan 1970 00:00:00 +0000", " 1-Jan-1970 00:00:00 +0000"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000", "28-Feb-2000 23:59:59 +0000"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000", "29-Feb-2000 00:00:00 +0000"),
        (1_795_468_578, "Mon, 23 Nov 2026 21:16:18 +0000", "23-Nov-2026 21:16:18 +0000"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000", "28-Feb-2100 23:59:59 +0000"),
        (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000", " 1-Mar-2100 00:00:00 +0000"),
    ])
    func `a moment is written as mail writes it`(seconds: Int, message: String, internalDate: String) {
        #expect(UTCTime(seconds: seconds).messageDate == message)
        #expect(UTCTime(seconds: seconds).internalDate == internalDate)
    }
}
