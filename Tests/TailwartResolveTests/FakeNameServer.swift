import Glibc
import Synchronization
import TailwartResolve
import TailwartSystem
import TailwartTesting
import TailwartWire

/// A name server on 127.0.0.1, over UDP and TCP, that answers A and AAAA questions from a table that a test changes as it goes.
final class FakeNameServer: Sendable {
    enum Family: Sendable {
        case v4
        case v6
    }

    struct Answer: Sendable {
        var addresses: [IPAddress] = []
        var timeToLive: UInt32 = 1
        /// RFC 1035 section 4.1.1: 0 no error, 2 server failure, 3 no such name; nil does not answer at all.
        var code: UInt8? = 0
        /// The family that is not answered for.
        var silentFamily: Family?
        /// The names that it leads over (CNAME), with how long each link holds.
        var aliases: [(name: String, timeToLive: UInt32)] = []
    }

    let port: UInt16
    private let packets: CInt
    private let listening: CInt
    private let table = Mutex<[String: Answer]>([:])
    private let questions = Mutex<[String]>([])
    private let streams = Mutex<Int>(0)
    private let thread = Mutex<Thread?>(nil)

    init() throws {
        (packets, listening, port) = try Self.sockets()
        let started = try Thread(name: "name server") { [self] in run() }
        thread.withLock { $0 = started }
    }

    private static func sockets() throws -> (packets: CInt, listening: CInt, port: UInt16) {
        // The number that is free for one may be taken for the other.
        for _ in 0..<100 {
            let packets = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
            let listening = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            let port = bound(packets, 0)
            if port != 0, bound(listening, port) == port, listen(listening, 16) == 0 {
                return (packets, listening, port)
            }
            close(packets)
            close(listening)
        }
        throw TestFailure("no port for a name server")
    }

    /// The port that it is bound to on 127.0.0.1; 0 if that fails.
    private static func bound(_ descriptor: CInt, _ port: UInt16) -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let done = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        return done ? UInt16(bigEndian: address.sin_port) : 0
    }

    private let stops = Atomic<Bool>(false)

    var address: InternetAddress { InternetAddress(.loopbackV4, port: port) }
    /// A file that names this server alone.
    var file: ResolvConf { ResolvConf([address]) }
    var asked: Int { questions.withLock { $0.count } }
    /// What was asked for, each name once, in the order in which it first was.
    var askedNames: [String] {
        questions.withLock { $0.reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } } }
    }
    /// Questions that came over TCP.
    var askedByStream: Int { streams.withLock { $0 } }

    func set(_ name: String, _ answer: Answer) { table.withLock { $0[name] = answer } }

    func stop() {
        stops.store(true, ordering: .relaxed)
        thread.withLock { $0 }?.join()
        close(packets)
        close(listening)
    }

    // MARK: - the wire

    private func run() {
        while !stops.load(ordering: .relaxed) {
            var polls = [
                pollfd(fd: packets, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listening, events: Int16(POLLIN), revents: 0),
            ]
            // A time limit on each wait, so that the end is noticed.
            poll(&polls, 2, 50)
            if polls[0].revents != 0 { answerPacket() }
            if polls[1].revents != 0 { answerStream() }
        }
    }

    private func answerPacket() {
        var buffer = [UInt8](repeating: 0, count: 512)
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(packets, &buffer, buffer.count, 0, $0, &length)
            }
        }
        guard count > 12, let reply = reply(to: Array(buffer[..<count]), limit: 512) else { return }
        withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(packets, reply, reply.count, 0, $0, length)
            }
        }
    }

    private func answerStream() {
        let stream = accept(listening, nil, nil)
        guard stream >= 0 else { return }
        defer { close(stream) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(stream, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 514)
        // One after the other, each with its length before it (section 4.2.2).
        while recv(stream, &buffer, 2, CInt(MSG_WAITALL)) == 2 {
            let count = min(512, Int(buffer[0]) << 8 | Int(buffer[1]))
            guard recv(stream, &buffer, count, CInt(MSG_WAITALL)) == count else { return }
            streams.withLock { $0 += 1 }
            guard let reply = reply(to: Array(buffer[..<count])) else { return }
            let framed = [UInt8(reply.count >> 8), UInt8(reply.count & 0xff)] + reply
            send(stream, framed, framed.count, CInt(MSG_NOSIGNAL))
        }
    }

    private func reply(to question: [UInt8], limit: Int = .max) -> [UInt8]? {
        var labels: [String] = []
        var index = 12
        while index < question.count, question[index] != 0 {
            let end = index + 1 + Int(question[index])
            guard end < question.count else { return nil }
            labels.append(String(decoding: question[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        let end = index + 5
        guard end <= question.count else { return nil }
        let name = labels.joined(separator: ".").lowercased()
        questions.withLock { $0.append(name) }
        let answer = table.withLock { $0[name] } ?? Answer(code: 3)
        let wantsV4 = question[index + 2] == 1
        guard let code = answer.code, answer.silentFamily != (wantsV4 ? .v4 : .v6) else { return nil }
        let found = code == 0 ? answer.addresses.filter { $0.isV4 == wantsV4 } : []
        let count = answer.aliases.count + found.count
        var reply = Array(question[..<2]) + [0x81, 0x80 | code, 0, 1]
        reply += [UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0, 0] + question[12..<end]
        // The name of the question, compressed (section 4.1.4).
        var owner: [UInt8] = [0xc0, 12]
        for alias in answer.aliases {
            let next = Self.encoded(alias.name)
            reply += owner + [0, 5, 0, 1] + Self.bytes(alias.timeToLive) + [0, UInt8(next.count)] + next
            owner = next
        }
        for address in found {
            let data: [UInt8] =
                switch address {
                case .v4(let bits): Self.bytes(bits)
                case .v6(let high, let low): Self.bytes(high) + Self.bytes(low)
                }
            reply +=
                owner + [0, wantsV4 ? 1 : 28, 0, 1] + Self.bytes(answer.timeToLive) + [0, UInt8(data.count)] + data
        }
        if reply.count > limit {
            // RFC 1035 section 4.2.1: cut, and marked so; between records, as real servers do.
            return Array(question[..<2]) + [0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0] + question[12..<end]
        }
        return reply
    }

    private static func encoded(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
}
