import Glibc
import Synchronization
import TailwartSystem
import TailwartWire

/// A name server on 127.0.0.1 that answers A and AAAA questions from a table that a test changes as it goes.
final class FakeNameServer: Sendable {
    struct Answer: Sendable {
        var addresses: [IPAddress] = []
        var timeToLive: UInt32 = 1
        /// RFC 1035 section 4.1.1: 0 no error, 2 server failure, 3 no such name; nil does not answer at all.
        var code: UInt8? = 0
    }

    let port: UInt16
    private let descriptor: CInt
    private let table = Mutex<[String: Answer]>([:])
    private let questions = Mutex<Int>(0)
    private let thread = Mutex<Thread?>(nil)

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(descriptor, pointer, length)
                _ = getsockname(descriptor, pointer, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        // A time limit on each wait, so that the end is noticed.
        var limit = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let started = try Thread(name: "name server") { [self] in run() }
        thread.withLock { $0 = started }
    }

    private let stops = Atomic<Bool>(false)

    var servers: String { "127.0.0.1:\(port)" }
    var asked: Int { questions.withLock { $0 } }

    func set(_ name: String, _ answer: Answer) { table.withLock { $0[name] = answer } }

    func stop() {
        stops.store(true, ordering: .relaxed)
        thread.withLock { $0 }?.join()
        close(descriptor)
    }

    private func run() {
        var buffer = [UInt8](repeating: 0, count: 512)
        while !stops.load(ordering: .relaxed) {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count > 12, let reply = reply(to: Array(buffer[..<count])) else { continue }
            withUnsafePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = sendto(descriptor, reply, reply.count, 0, $0, length)
                }
            }
        }
    }

    private func reply(to question: [UInt8]) -> [UInt8]? {
        questions.withLock { $0 += 1 }
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
        let answer = table.withLock { $0[labels.joined(separator: ".").lowercased()] } ?? Answer(code: 3)
        guard let code = answer.code else { return nil }
        let wantsV4 = question[index + 2] == 1
        let records = code == 0 ? answer.addresses.filter { $0.isV4 == wantsV4 } : []
        var reply = Array(question[..<2]) + [0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
        reply += question[12..<end]
        for address in records {
            let data: [UInt8]
            switch address {
            case .v4(let bits): data = withUnsafeBytes(of: bits.bigEndian, Array.init)
            case .v6(let high, let low):
                data = withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
            }
            reply += [0xc0, 12, 0, wantsV4 ? 1 : 28, 0, 1]
            reply += withUnsafeBytes(of: answer.timeToLive.bigEndian, Array.init)
            reply += [0, UInt8(data.count)] + data
        }
        return reply
    }
}
