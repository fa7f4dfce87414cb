import TailwartCore
import TailwartWire
import Testing

@Suite struct HeaderSendersTests {
    private let balancer = IPAddress.v4(0xc000_0207)

    @Test func `who comes again is said once, and again after an hour without`() {
        var senders = HeaderSenders()
        let said = (0..<20).filter { senders.note(balancer, now: $0 * 600) }
        #expect(said == [2])
        let later = (0..<4).filter { senders.note(balancer, now: 20 * 600 + 3600 + $0) }
        #expect(later == [2])
    }

    @Test func `strangers who try it once are not said, however many they are, and keep nobody else from being`() {
        var senders = HeaderSenders()
        let strangers = (0..<1000).filter { senders.note(.v4(UInt32($0)), now: 1) }
        #expect(strangers.isEmpty)
        let said = (0..<5).filter { _ in senders.note(balancer, now: 2) }
        #expect(said == [2])
    }
}
