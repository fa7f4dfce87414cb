import Foundation
import Glibc
import TailwartWire
import Testing

@testable import TailwartSystem

struct PacketSocketTests {
    /// Two ends that are connected.
    private struct Pair: ~Copyable {
        var first: PacketSocket
        var second: PacketSocket

        init() throws {
            var ends: [CInt] = [-1, -1]
            let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
            first = PacketSocket(owning: Descriptor(owning: ends[0]))
            second = PacketSocket(owning: Descriptor(owning: ends[1]))
        }

        mutating func close() {
            first.close()
            second.close()
        }
    }

    @Test(arguments: [0, 1, 2, 7, PacketSocket.maximumDescriptors])
    func `descriptors come with their packet, in their order, and are closed on exec`(count: Int) throws {
        var pair = try Pair()
        let listening = try (0..<count).map { _ in try Waker() }
        let sent = pair.first.send(Array("doors".utf8), passing: listening.map(\.raw))
        #expect(sent == .count(5))
        guard case .packet(let bytes, var descriptors) = pair.second.receive(limit: 100) else {
            Issue.record("no packet came")
            return
        }
        #expect(bytes == Array("doors".utf8))
        let came = descriptors.count
        #expect(came == count)
        for waker in listening {
            guard var descriptor = descriptors.takeFirst() else { break }
            waker.ring()
            var rings: UInt64 = 0
            #expect(read(descriptor.raw, &rings, 8) == 8)
            #expect(fcntl(descriptor.raw, F_GETFD) == FD_CLOEXEC)
            descriptor.close()
        }
        pair.close()
    }

    @Test func `descriptors that nobody takes are closed`() throws {
        var pair = try Pair()
        let waker = try Waker()
        let sent = pair.first.send([1], passing: [waker.raw, waker.raw, waker.raw])
        #expect(sent == .count(1))
        do {
            guard case .packet(_, var descriptors) = pair.second.receive(limit: 10) else {
                Issue.record("no packet came")
                return
            }
            var taken = descriptors.takeFirst()
            taken?.close()
        }
        pair.close()
        #expect(try copies(of: waker.raw) == [waker.raw])
    }

    /// Of all descriptors of the process, however many other tests have opened.
    private func copies(of raw: CInt) throws -> [CInt] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { CInt($0) }
            .filter { same($0, raw) }
    }

    /// eventfds share one inode, so the counter tells them apart: a ring in one is seen in its copies only.
    private func same(_ raw: CInt, _ other: CInt) -> Bool {
        guard let first = counter(raw), counter(other) == first else { return false }
        return true
    }

    private func counter(_ raw: CInt) -> String? {
        guard case .bytes(let bytes) = FileSystem.read("/proc/self/fdinfo/\(raw)", limit: 1000) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("eventfd-id") }
            .map(String.init)
    }

    @Test func `a packet that is too long is not taken for a whole one, and what came with it is closed`() throws {
        var pair = try Pair()
        let waker = try Waker()
        let sent = pair.first.send([1, 2, 3], passing: [waker.raw])
        #expect(sent == .count(3))
        guard case .truncated = pair.second.receive(limit: 2) else {
            Issue.record("it was taken")
            return
        }
        #expect(try copies(of: waker.raw) == [waker.raw])
        pair.close()
    }

    @Test func `with no descriptor left, those that came are closed and the packet is not taken`() async throws {
        await #expect(processExitsWith: .success) {
            var ends: [CInt] = [-1, -1]
            let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue)
            guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { exit(2) }
            var first = PacketSocket(owning: Descriptor(owning: ends[0]))
            var second = PacketSocket(owning: Descriptor(owning: ends[1]))
            _ = first.send([1], passing: [0, 0, 0, 0])
            let next = dup(0)
            close(next)
            // Room for two of the four.
            var limit = rlimit(rlim_cur: rlim_t(next + 2), rlim_max: rlim_t(next + 2))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard case .truncated = second.receive(limit: 10) else { exit(3) }
            let again = dup(0)
            guard again == next else { exit(4) }
            first.close()
            second.close()
        }
    }

    @Test func `the end, and nothing yet, are told apart`() throws {
        var pair = try Pair()
        guard case .wouldBlock = pair.second.receive(limit: 10) else {
            Issue.record("something came")
            return
        }
        let sent = pair.first.send([7])
        #expect(sent == .count(1))
        pair.first.close()
        guard case .packet([7], _) = pair.second.receive(limit: 10), case .end = pair.second.receive(limit: 10) else {
            Issue.record("what was sent before the end is lost")
            return
        }
        pair.close()
    }

    @Test func `what was sent before the end is read though the other side had not read all`() throws {
        var pair = try Pair()
        let (unread, sent) = (pair.second.send([1]), pair.first.send([7]))
        #expect(unread == .count(1) && sent == .count(1))
        pair.first.close()
        guard case .packet([7], _) = pair.second.receive(limit: 10), case .end = pair.second.receive(limit: 10) else {
            Issue.record("what was sent before the end is lost")
            return
        }
        pair.close()
    }

    @Test func `each side knows who the other one is, and may be told by its user`() throws {
        let path = "/tmp/tailwart-packets-\(getpid()).sock"
        var listener = try ListeningSocket(unixPath: path, isPacket: true, permissions: 0o660)
        defer { listener.close() }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        var client = try PacketSocket(connectingTo: path)
        guard case .connection(let descriptor, nil) = listener.socket.accept() else {
            Issue.record("nobody came")
            return
        }
        var server = PacketSocket(owning: descriptor)
        let (clientSees, serverSees) = (Socket(raw: client.raw).peer, Socket(raw: server.raw).peer)
        #expect(clientSees?.user == geteuid() && clientSees?.isTrusted == true)
        #expect(serverSees?.user == geteuid() && serverSees?.isTrusted == true)
        #expect(PeerCredentials(user: 0, group: 0).isTrusted)
        #expect(!PeerCredentials(user: geteuid() + 4711, group: getegid()).isTrusted)
        client.close()
        server.close()
    }
}
