import Glibc
import TailwartCore
import TailwartTesting
import Testing

@Suite(.ownThreads) struct BackPressureTests {
    @Test(arguments: [Side.client, .upstream])
    func `a reader that stalls stops the sender, and loses nothing when it goes on`(sender: Side) throws {
        let mailbox = try TestListener(receiveBuffer: 64 * 1024)
        var random = SeededRandom(seed: 0x57a11)
        let block = random.bytes(mebibyte + 7)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let client = try TestSocket.connect(to: edge.address(), receiveBuffer: 64 * 1024)
            let pair = Pair(client: client, upstream: try mailbox.accept())
            try pair.exchange()
            let (source, sink) = (pair.socket(sender), pair.other(sender))
            source.setSendBuffer(64 * 1024)

            let sent = try source.fill(with: block)
            #expect(sent < (try mostThatGoesIn()))

            let received = try sink.receive(exactly: sent)
            #expect(isRepetition(received, of: block))
            try pair.exchange()
            try pair.finish()
            let record = try edge.nextRecord()
            #expect((sender == .client ? record.inboundBytes : record.outboundBytes) == UInt64(sent) + 2)
        }
    }

    @Test func `a flow that stalls does not stop the other one`() throws {
        let mailbox = try TestListener(receiveBuffer: 64 * 1024)
        let block = [UInt8](repeating: 0x33, count: mebibyte)
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            let sent = try pair.client.fill(with: block)
            try concurrently {
                try pair.upstream.send(block)
                pair.upstream.finish()
            } _: {
                try receive(block, on: pair.client)
            }
            pair.client.finish()
            #expect(try pair.upstream.receiveToEnd().bytes.count == sent)
        }
    }

    /// The sender's and the receiver's own buffers (what was asked for, doubled, and as much again for what the kernel counts
    /// otherwise), both buffers of the edge at their largest, its pipe and its buffer.
    private func mostThatGoesIn() throws -> Int {
        let edge = try largestBuffer("tcp_rmem") + largestBuffer("tcp_wmem")
        return 4 * 64 * 1024 * 2 + edge + mebibyte + 64 * 1024 + mebibyte
    }

    /// The third number of a line such as `4096 131072 6291456`.
    private func largestBuffer(_ name: String) throws -> Int {
        guard let file = fopen("/proc/sys/net/ipv4/\(name)", "r") else { throw TestFailure(call: name) }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { throw TestFailure("\(name) is empty") }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let last = text.split(whereSeparator: \.isWhitespace).last.flatMap({ Int($0) }) else {
            throw TestFailure("\(name): \(text)")
        }
        return last
    }
}
