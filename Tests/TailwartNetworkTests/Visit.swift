import Glibc
import TailwartSystem
import TailwartTesting
import TailwartWire

/// What a client on the internet does: connects, waits for the greeting, has bytes echoed, says goodbye. It notices everything that
/// could be wrong with that.
struct Visit: Sendable {
    enum Manner: CaseIterable, Sendable {
        case smtp
        case submission
        case imap
        /// A TLS hello that comes back as it is, from a port that echoes.
        case https

        var port: UInt16 {
            switch self {
            case .smtp: 25
            case .submission: 587
            case .imap: 143
            case .https: 443
            }
        }

        /// How the edge says that the mailbox is away.
        fileprivate var refusal: [UInt8] {
            switch self {
            case .smtp, .submission: Array("421 4.3.2 ".utf8)
            case .imap: Array("* BYE [UNAVAILABLE] ".utf8)
            // A fatal alert, internal_error (RFC 8446 section 6).
            case .https: [21, 3, 3, 0, 2, 2, 80]
            }
        }
    }

    enum Outcome: Equatable, Sendable {
        /// All bytes came back. The first line said this.
        case served(greeting: String)
        /// Turned away in the protocol's own words, all of them read.
        case told
        /// Greeted, and then the connection was torn or ended; what came back until then was right.
        case cut
        /// Anything else: what was seen.
        case wrong(String)

        var isServed: Bool {
            if case .served = self { true } else { false }
        }
    }

    var manner: Manner
    var from: IPAddress
    var port: UInt16?
    /// Milliseconds until something has to happen.
    var patience: CInt = 5000
    /// Bytes to have echoed, in this many pieces.
    var pieceSize = 4000
    var pieces = 4

    /// On a thread inside the namespace of the clients.
    func make(_ random: inout SeededRandom) -> Outcome {
        let address = TestNetwork.edge.first { $0.isV4 == from.isV4 } ?? TestNetwork.edge[0]
        let socket: TestSocket
        do {
            socket = try TestSocket.connect(to: InternetAddress(address, port: port ?? manner.port), from: from)
        } catch {
            return .wrong("connect: \(error)")
        }
        defer { socket.close() }
        let hello = ClientHelloBuilder(serverName: "mail.example.org").bytes
        var first: [UInt8] = []
        do {
            if manner == .https { try socket.send(hello) }
            let wanted = manner == .https ? hello.count : Int.max
            while first.count < wanted, manner == .https || first.last != UInt8(ascii: "\n") {
                let more = try receive(socket)
                if more.isEmpty { break }
                first += more
            }
        } catch {
            return .wrong("before the greeting: \(error), read \(first.count) bytes")
        }
        if first.starts(with: manner.refusal) {
            // Nothing follows, and it ends in order.
            guard let end = try? socket.receiveToEnd() else { return .wrong("no end after the refusal") }
            guard end.bytes.isEmpty, end.end == .finished else { return .wrong("after the refusal: \(end)") }
            return .told
        }
        let text = String(decoding: first, as: UTF8.self)
        switch manner {
        case .smtp, .submission: guard text.hasPrefix("220 ") else { return .wrong("greeting '\(text)'") }
        case .imap: guard text.hasPrefix("* OK ") else { return .wrong("greeting '\(text)'") }
        case .https:
            guard hello.starts(with: first), !first.isEmpty else { return .wrong("no echo of the hello: \(first)") }
            guard first.count == hello.count else { return .cut }
        }
        return echo(socket, &random) ?? .served(greeting: text)
    }

    /// Nil if all was right.
    private func echo(_ socket: TestSocket, _ random: inout SeededRandom) -> Outcome? {
        do {
            switch manner {
            case .smtp, .submission: try ask(socket, "XECHO \(pieces * pieceSize)\r\n", "354 go on\r\n")
            case .imap: try ask(socket, "a XECHO \(pieces * pieceSize)\r\n", "+ go on\r\n")
            case .https: break
            }
            for _ in 0..<pieces {
                let piece = random.bytes(pieceSize)
                try socket.send(piece)
                var back: [UInt8] = []
                while back.count < piece.count {
                    let more = try receive(socket, atMost: piece.count - back.count)
                    guard !more.isEmpty else { return .cut }
                    back += more
                    guard piece.starts(with: back) else { return .wrong("other bytes came back") }
                }
            }
            if manner == .imap { try expect(socket, "a OK done\r\n") }
            return nil
        } catch is Cut {
            return .cut
        } catch let error as Errno where [.connectionReset, .brokenPipe].contains(error) {
            return .cut
        } catch {
            return .wrong("while served: \(error)")
        }
    }

    private struct Cut: Error {}

    private func ask(_ socket: TestSocket, _ question: String, _ answer: String) throws {
        try socket.send(Array(question.utf8))
        try expect(socket, answer)
    }

    private func expect(_ socket: TestSocket, _ answer: String) throws {
        var bytes: [UInt8] = []
        while bytes.count < answer.utf8.count {
            let more = try receive(socket, atMost: answer.utf8.count - bytes.count)
            guard !more.isEmpty else { throw Cut() }
            bytes += more
        }
        guard bytes == Array(answer.utf8) else { throw TestFailure("'\(String(decoding: bytes, as: UTF8.self))'") }
    }

    private func receive(_ socket: TestSocket, atMost maximum: Int = 64 * 1024) throws -> [UInt8] {
        guard socket.wait(for: POLLIN, milliseconds: patience) else {
            throw TestFailure("nothing happened for \(patience) ms")
        }
        return try socket.receive(atMost: maximum)
    }
}

extension TestNetwork {
    /// One visit from the internet.
    func visit(_ manner: Visit.Manner, port: UInt16? = nil, patience: CInt = 5000) throws -> Visit.Outcome {
        let visit = Visit(manner: manner, from: Self.clients[0], port: port, patience: patience)
        let seed = seed
        return try internet.inside {
            var random = SeededRandom(seed: seed)
            return visit.make(&random)
        }
    }
}
