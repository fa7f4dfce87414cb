import TailwartTesting
import Testing

@testable import TailwartCore

/// What of a connection's ending is held against its client.
@Suite struct StrikeTests {
    private static let strikes: [CloseReason: Strike] = [
        .helloTimeout: .noHello, .helloInvalid: .badHello, .proxyHeaderUntrusted: .badHeader,
        .proxyHeaderUnexpected: .badHeader, .noRoute: .unknownName, .clientRate: .flood, .clientLimit: .flood,
    ]

    @Test(arguments: CloseReason.allCases) func `the table of the documentation holds`(reason: CloseReason) {
        #expect(reason.strike(isNamed: true, isTold: false) == Self.strikes[reason])
        #expect(
            reason.strike(isNamed: false, isTold: false) == (reason == .noRoute ? nil : Self.strikes[reason]))
    }

    @Test(arguments: [CloseReason.clientRate, .clientLimit]) func `who is told to come later has done nothing`(
        reason: CloseReason
    ) {
        #expect(reason.strike(isNamed: true, isTold: true) == nil)
    }

    @Test func `who connects and leaves has done nothing`() {
        #expect(CloseReason.clientLeft.strike(isNamed: false, isTold: false) == nil)
    }
}
