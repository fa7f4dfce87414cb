import Glibc
import NIOCore
import TailwartCore
import Testing

@testable import TailwartClient

@Suite struct DialFailureTests {
    @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func `a lack of this host's own says nothing of the place`(code: CInt) {
        let failure = Dial.Failure(
            connecting: IOError(errnoCode: code, reason: "socket"), to: "192.0.2.7:25")
        #expect(failure.verdict == .unprobed)
        #expect(failure.detail == "This host has no descriptor or memory left to ask with.")
    }

    @Test(
        arguments: [
            (ECONNREFUSED, .refused), (ETIMEDOUT, .timeout), (ECONNRESET, .banned), (ENETUNREACH, .unreachable),
            (EACCES, .unreachable),
        ] as [(CInt, Verdict)])
    func `what stands in the way there is named`(code: CInt, expected: Verdict) {
        let failure = Dial.Failure(connecting: IOError(errnoCode: code, reason: "connect"), to: "192.0.2.7:25")
        #expect(failure.verdict == expected && failure.detail.contains("192.0.2.7:25"))
    }
}
