import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// One after the other: each holds a quarter of a gigabyte.
@Suite(.serialized) struct BulkTests {
    private let size = 64 * mebibyte

    @Test(arguments: [1, 2])
    func `64 MiB go both ways at once over TCP`(workers: Int) throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)], workers: workers) { edge in
            let pair = try Pair(edge, mailbox)
            try move(pair)
            let record = try edge.nextRecord()
            #expect(record.ending.reason == .closed)
            #expect(record.inboundBytes == UInt64(size))
            #expect(record.outboundBytes == UInt64(size))
        }
    }

    @Test func `64 MiB go both ways at once over unix sockets`() throws {
        let (front, back) = (freePath(), freePath())
        let mailbox = try TestListener(unixPath: back)
        try withEngine(listeners: [.test(bind: [.unix(path: front)])], upstreams: [.test(unixPath: back)]) { edge in
            let client = try TestSocket.connect(unixPath: front)
            try move(Pair(client: client, upstream: try mailbox.accept()))
            let record = try edge.nextRecord()
            #expect(record.ending.reason == .closed)
            #expect(record.client == nil)
            #expect(record.inboundBytes == UInt64(size))
            #expect(record.outboundBytes == UInt64(size))
        }
    }

    /// Random bytes, so that none lost, repeated or swapped goes unseen.
    private func move(_ pair: Pair) throws {
        var random = SeededRandom(seed: 64)
        let up = random.bytes(size)
        let down = random.bytes(size)
        try concurrently {
            try pair.client.send(up)
            pair.client.finish()
        } _: {
            try pair.upstream.send(down)
            pair.upstream.finish()
        } _: {
            try receive(up, on: pair.upstream)
        } _: {
            try receive(down, on: pair.client)
        }
    }
}
