import TailwartCore
import TailwartSystem
import Testing

@testable import TailwartControl

@Suite struct EdgeOrdersTests {
    @Test func `one drain is wanted, and taken once`() {
        let orders = EdgeOrders()
        #expect(!orders.isDraining && orders.take() == nil)
        #expect(orders.wantDrain(.seconds(3)) && orders.isDraining)
        #expect(!orders.wantDrain(nil))
        #expect(orders.take() == .drainWanted(limit: .seconds(3)))
        #expect(orders.take() == nil)
    }

    @Test func `an edge that drains takes no order to drain`() {
        let orders = EdgeOrders()
        orders.drains()
        #expect(orders.isDraining && !orders.wantDrain(nil))
    }

    @Test func `a reader that is told when to take gets all, and is let go`() throws {
        let ledger = try Ledger()
        try ledger.start()
        let waker = try Waker()
        let feed = LedgerFeed(ledger, records: .all) { waker.ring() }
        #expect(feed.take(atMost: 10)?.isEmpty ?? false)
        for number in 0..<30 { ledger.post(.eventsLost(number)) }
        var names: [String] = []
        while names.count < 30 {
            let entries = try #require(feed.take(atMost: 7))
            #expect(entries.count <= 7)
            names += entries.map(\.name)
            if entries.isEmpty { waker.wait(timeout: 5000) }
        }
        #expect(Set(names) == ["events_lost"])
        feed.close()
        #expect(ledger.finish(), "nobody is waited for")
    }
}
