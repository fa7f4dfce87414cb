import TailwartCore
import TailwartTesting
import Testing

/// Bytes out of band (RFC 6093): nobody in mail sends them, and whoever does loses at most them.
@Suite(.ownThreads) struct UrgentDataTests {
    @Test(arguments: [0, 16 * mebibyte])
    func `what follows a byte out of band still arrives`(before: Int) throws {
        let mailbox = try TestListener()
        var random = SeededRandom(seed: 0x00b)
        let block = random.bytes(mebibyte)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            try concurrently {
                _ = try pair.client.fill(with: block, upTo: before)
                try pair.client.sendUrgent(0xff)
                try pair.client.send(block)
                pair.client.finish()
            } _: {
                let bytes = try pair.upstream.receiveToEnd().bytes
                guard bytes.count >= before + block.count, bytes.suffix(block.count) == block[...] else {
                    throw TestFailure("\(bytes.count) bytes arrived")
                }
            }
            pair.upstream.finish()
            #expect(try edge.nextRecord().ending == Ending(.client, .closed))
        }
    }
}
