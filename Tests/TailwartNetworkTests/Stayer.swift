import Glibc
import TailwartSystem
import TailwartTesting
import TailwartWire

/// A client on the internet that has been greeted and stays: now and then it has bytes echoed, all at once.
final class Stayer: Sendable {
    let greeting: String
    private let socket: TestSocket
    private let seed: UInt64
    private let manner: Manner

    enum Manner: Sendable {
        case smtp
        case imap

        var port: UInt16 { self == .smtp ? 25 : 143 }
    }

    /// - Parameters:
    ///   - client: which of the addresses on the internet it has.
    ///   - port: the edge's, if not that of the protocol.
    init(_ manner: Manner = .smtp, from client: Int, port: UInt16? = nil, on network: TestNetwork) throws {
        let from = TestNetwork.clients[client % TestNetwork.clients.count]
        let address = TestNetwork.edge.first { $0.isV4 == from.isV4 } ?? TestNetwork.edge[0]
        socket = try network.internet.inside {
            try TestSocket.connect(to: InternetAddress(address, port: port ?? manner.port), from: from)
        }
        self.manner = manner
        seed = network.seed
        greeting = try Self.line(of: socket)
    }

    /// Sends so many bytes and receives them at the same time.
    ///
    /// - Parameters:
    ///   - patience: milliseconds without progress.
    ///   - pause: before it receives the first of them.
    ///   - progress: called with the number of bytes that have come back so far.
    func exchange(
        _ count: Int, patience: CInt = TestSocket.patience, pause: Duration = .zero,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        try ask("XECHO \(count)", "\(manner == .smtp ? "354" : "+") go on", patience: patience)
        let (socket, seed) = (socket, seed)
        try concurrently(
            {
                var random = SeededRandom(seed: seed)
                for count in Self.pieces(of: count) {
                    var piece = random.bytes(count)[...]
                    while !piece.isEmpty {
                        switch piece.withUnsafeBytes({ socket.socket.send($0) }) {
                        case .count(let sent): piece = piece.dropFirst(sent)
                        case .failed(let error): throw error
                        case .wouldBlock:
                            guard socket.wait(for: POLLOUT, milliseconds: patience) else {
                                throw TestFailure("nothing could be sent for \(patience) ms")
                            }
                        }
                    }
                }
            },
            {
                usleep(UInt32(pause / .microseconds(1)))
                var random = SeededRandom(seed: seed)
                var done = 0
                for count in Self.pieces(of: count) {
                    let expected = random.bytes(count)
                    var bytes: [UInt8] = []
                    while bytes.count < count {
                        guard socket.wait(for: POLLIN, milliseconds: patience) else {
                            throw TestFailure("nothing came for \(patience) ms, after \(done + bytes.count) bytes")
                        }
                        let more = try socket.receive(atMost: count - bytes.count)
                        guard !more.isEmpty else { throw TestFailure("the end after \(done + bytes.count) bytes") }
                        bytes += more
                        progress(done + bytes.count)
                    }
                    guard bytes == expected else { throw TestFailure("other bytes before byte \(done + count)") }
                    done += count
                }
            })
        if manner == .imap { try expect("a OK done", patience) }
    }

    /// Says a line and waits for another, each without its end.
    func ask(_ question: String, _ answer: String, patience: CInt = TestSocket.patience) throws {
        try socket.send(Array("\(manner == .imap && question != "DONE" ? "a " : "")\(question)\r\n".utf8))
        try expect(answer, patience)
    }

    private func expect(_ answer: String, _ patience: CInt) throws {
        let line = try Self.line(of: socket, patience)
        guard line == "\(answer)\r\n" else { throw TestFailure("'\(line)' in place of '\(answer)'") }
    }

    private static func line(of socket: TestSocket, _ patience: CInt = TestSocket.patience) throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") {
            guard socket.wait(for: POLLIN, milliseconds: patience) else {
                throw TestFailure("no line for \(patience) ms")
            }
            let byte = try socket.receive(atMost: 1)
            guard !byte.isEmpty else { throw TestFailure("the end after '\(String(decoding: bytes, as: UTF8.self))'") }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func pieces(of count: Int) -> [Int] {
        stride(from: 0, to: count, by: 65536).map { min(65536, count - $0) }
    }
}
