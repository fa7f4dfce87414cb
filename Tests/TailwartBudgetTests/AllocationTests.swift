import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// No allocation per byte moved, none per wake-up, and a known number per connection.
///
/// The budgets hold for debug builds too, which do not turn a short-lived object into memory on the stack: what is written so that it
/// needs no optimizer to be cheap.
@Suite(.ownThreads) struct AllocationTests {
    @Test func `the tally counts what its own threads allocate, and nothing else`() throws {
        let tally = AllocationTally()
        let counted = try tally.countingThreads {
            try Thread(name: "counted") { for size in 1...100 { keep([UInt8](repeating: 1, count: size)) } }
        }
        counted.join()
        let first = tally.count
        #expect(first >= 100)
        let other = try Thread(name: "not counted") { keep([UInt8](repeating: 1, count: 100)) }
        other.join()
        keep([UInt8](repeating: 1, count: 100))
        #expect(tally.count == first)
    }

    /// With one connection each exchange is two wake-ups; with a hundred a wake-up has many events.
    @Test(arguments: [1, 100])
    func `an exchange allocates nothing`(connections: Int) throws {
        let mailbox = try TestListener()
        try withCountedEngine(upstreams: [.test(mailbox.address)]) { edge, tally in
            let pairs = try (0..<connections).map { _ in
                (client: try edge.connect(), upstream: try mailbox.accept())
            }
            func exchange() throws {
                for pair in pairs { try pair.client.send("NOOP\r\n".utf8) }
                for pair in pairs { _ = try pair.upstream.receive(exactly: 6) }
                for pair in pairs { try pair.upstream.send("250 OK\r\n".utf8) }
                for pair in pairs { _ = try pair.client.receive(exactly: 8) }
            }
            try exchange()
            let allocations = try tally.during {
                for _ in 0..<(3000 / connections) { try exchange() }
            }
            #expect(allocations == 0)
            for pair in pairs { pair.client.close() }
            for pair in pairs { pair.upstream.close() }
            _ = try edge.records(connections)
        }
    }

    /// A receiver that stalls while the flow is still on the buffer costs one allocation for what it did not take: once per stall
    /// and not per byte, and usually not at all.
    @Test func `256 MiB allocate next to nothing`() throws {
        let mailbox = try TestListener()
        let block = [UInt8](repeating: 0x2a, count: 1024 * 1024)
        try withCountedEngine(upstreams: [.test(mailbox.address)]) { edge, tally in
            let (client, upstream) = (try edge.connect(), try mailbox.accept())
            func move(_ blocks: Int) throws {
                try concurrently(
                    { for _ in 0..<blocks { try client.send(block) } },
                    { for _ in 0..<blocks { _ = try upstream.receive(exactly: block.count) } })
            }
            try move(16)
            let allocations = try tally.during { try move(256) }
            print("256 MiB:", allocations)
            #expect(allocations < 16)
            client.close()
            upstream.close()
            #expect(try edge.nextRecord().inboundBytes == (16 + 3 * 256) * 1024 * 1024)
        }
    }
}

/// Keeps a value from being optimized away.
@inline(never) private func keep(_ bytes: [UInt8]) {
    precondition(!bytes.isEmpty)
}
