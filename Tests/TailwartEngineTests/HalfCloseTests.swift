import TailwartCore
import TailwartTesting
import Testing

@Suite(.ownThreads) struct HalfCloseTests {
    /// What the receiver has not read yet when the end arrives.
    enum Pending: CaseIterable {
        case nothing
        case some
        case asMuchAsGoesIn
    }

    @Test(arguments: [Side.client, .upstream], Pending.allCases)
    func `the side that finishes first loses nothing and still hears the other`(first: Side, pending: Pending) throws {
        let mailbox = try TestListener(receiveBuffer: 64 * 1024)
        var random = SeededRandom(seed: 0x4a1f)
        let block = random.bytes(mebibyte + 13)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let client = try TestSocket.connect(to: edge.address(), receiveBuffer: 64 * 1024)
            let pair = Pair(client: client, upstream: try mailbox.accept())
            let sent =
                switch pending {
                case .nothing: 0
                case .some: try pair.socket(first).fill(with: block, upTo: 1)
                case .asMuchAsGoesIn: try pair.socket(first).fill(with: block)
                }
            if pending == .asMuchAsGoesIn { #expect(sent > mebibyte) }
            pair.socket(first).finish()

            let (received, end) = try pair.other(first).receiveToEnd()
            #expect(received.count == sent)
            #expect(isRepetition(received, of: block))
            #expect(end == .finished)

            try pair.other(first).send(block)
            pair.other(first).finish()
            try receive(block, on: pair.socket(first))

            let record = try edge.nextRecord()
            #expect(record.ending == Ending(first, .closed))
            #expect((first == .client ? record.inboundBytes : record.outboundBytes) == UInt64(sent))
            #expect((first == .client ? record.outboundBytes : record.inboundBytes) == UInt64(block.count))
        }
    }

    @Test(arguments: [Side.client, .upstream])
    func `a last word and the end in one segment both arrive`(first: Side) throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            try pair.socket(first).finish(with: [7, 8, 9])
            try receive([7, 8, 9], on: pair.other(first))
            pair.other(first).finish()
            try receive([], on: pair.socket(first))
            #expect(try edge.nextRecord().ending == Ending(first, .closed))
        }
    }

    @Test func `an upstream that answers and closes before the client reads loses nothing`() throws {
        let mailbox = try TestListener()
        var random = SeededRandom(seed: 0xc105e)
        let answer = random.bytes(3 * mebibyte)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let client = try TestSocket.connect(to: edge.address(), receiveBuffer: 16 * 1024)
            let upstream = try mailbox.accept()
            try concurrently {
                try upstream.send(answer)
                upstream.close()
            } _: {
                try receive(answer, on: client)
                client.finish()
            }
            #expect(try edge.nextRecord().ending == Ending(.upstream, .closed))
        }
    }
}
