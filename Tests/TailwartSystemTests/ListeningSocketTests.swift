import Glibc
import Synchronization
import TailwartWire
import Testing

@testable import TailwartSystem

struct ListeningSocketTests {
    private static func freePath(_ name: String) -> String { "/tmp/tailwart-system-\(getpid())-\(name).sock" }

    @Test(arguments: [IPAddress.loopbackV4, .loopbackV6])
    func `a port that is taken is an error and not shared`(ip: IPAddress) throws {
        var first = try ListeningSocket(InternetAddress(ip, port: 0))
        defer { first.close() }
        let bound = first.address
        let address = try #require(bound)
        let error = #expect(throws: SystemError.self) {
            var second = try ListeningSocket(address)
            second.close()
        }
        #expect(error?.errno == .addressInUse)
    }

    @Test func `a socket for both families needs the port in both`() throws {
        var first = try ListeningSocket(InternetAddress(.anyV4, port: 0))
        defer { first.close() }
        let bound = first.address
        let port = try #require(bound).port
        let error = #expect(throws: SystemError.self) {
            var second = try ListeningSocket(InternetAddress(.anyV6, port: port), dualStack: true)
            second.close()
        }
        #expect(error?.errno == .addressInUse)
        var alone = try ListeningSocket(InternetAddress(.anyV6, port: port))
        alone.close()
    }

    @Test func `an address that this host does not have is an error`() throws {
        let error = #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(InternetAddress(.v4(0xc000_0201), port: 0))
            socket.close()
        }
        #expect(error?.errno == .addressNotAvailable)
        #expect(error?.call == "bind")
    }

    @Test func `accepted sockets do not wait to fill segments`() throws {
        var listener = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        defer { listener.close() }
        let bound = listener.address
        let address = try #require(bound)
        var client = try Socket.stream(family: AF_INET)
        defer { client.close() }
        _ = client.socket.connect(to: SocketAddress(address))
        guard case .connection(var accepted, _) = listener.socket.accept() else {
            Issue.record("the connection was not there")
            return
        }
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        #expect(getsockopt(accepted.raw, CInt(IPPROTO_TCP), TCP_NODELAY, &value, &length) == 0)
        #expect(value == 1)
        #expect(getsockopt(accepted.raw, SOL_SOCKET, SO_KEEPALIVE, &value, &length) == 0)
        #expect(value == 1)
        #expect(fcntl(accepted.raw, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(accepted.raw, F_GETFD) & FD_CLOEXEC != 0)
        accepted.close()
    }

    @Test func `a unix socket that a dead process left behind is replaced`() throws {
        let path = Self.freePath("stale")
        // Closed without the unlink of the type, as a process that is killed leaves it.
        var stale = try Socket.stream(family: AF_UNIX)
        let address = try #require(SocketAddress(unixPath: path))
        let bound = withUnsafeBytes(of: address.storage) { bytes in
            bind(stale.raw, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), address.length)
        }
        #expect(bound == 0)
        #expect(listen(stale.raw, 1) == 0)
        stale.close()
        #expect(access(path, F_OK) == 0)

        var listener = try ListeningSocket(unixPath: path)
        var client = try Socket.stream(family: AF_UNIX)
        let answer = client.socket.connect(to: address)
        #expect(answer == .connected)
        client.close()
        listener.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a unix socket that is in use is an error and stays`() throws {
        let path = Self.freePath("busy")
        var first = try ListeningSocket(unixPath: path)
        let error = #expect(throws: SystemError.self) {
            var second = try ListeningSocket(unixPath: path)
            second.close()
        }
        #expect(error?.errno == .addressInUse)
        var client = try Socket.stream(family: AF_UNIX)
        let address = try #require(SocketAddress(unixPath: path))
        let answer = client.socket.connect(to: address)
        #expect(answer == .connected)
        client.close()
        first.close()
    }

    @Test func `a file that is no socket is not replaced`() throws {
        let path = Self.freePath("file")
        var file = Descriptor(owning: open(path, O_CREAT | O_WRONLY, 0o600))
        file.close()
        defer { unlink(path) }
        let error = #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(unixPath: path)
            socket.close()
        }
        #expect(error?.errno == .addressInUse)
        #expect(access(path, F_OK) == 0)
    }

    @Test func `a path that is too long is an error`() throws {
        let error = #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(unixPath: "/tmp/" + String(repeating: "x", count: 200))
            socket.close()
        }
        #expect(error?.errno.rawValue == ENAMETOOLONG)
    }

    @Test func `where the holder is not seen, the error says why and how to see it`() {
        let command = "sudo ss -ltnp 'sport = :25'"
        #expect(ListenError.look(PortHolder(pid: 7, command: "master"), command, isRoot: false).isEmpty)
        #expect(ListenError.look(nil, command, isRoot: false) == "Only root sees whose process that is: `\(command)`. ")
        #expect(ListenError.look(nil, command, isRoot: true).contains("another container"))
    }
}

/// Sockets that pass from one process to another.
struct ListeningSocketHandoverTests {
    private static func freePath(_ name: String) -> String { "/tmp/tailwart-handover-\(getpid())-\(name).sock" }

    private func connects(_ path: String) throws -> Bool {
        var client = try Socket.stream(family: AF_UNIX)
        let answer = client.socket.connect(to: try #require(SocketAddress(unixPath: path)))
        client.close()
        return answer == .connected
    }

    /// Another descriptor of it, as if it had come from another process.
    private func copy(_ socket: borrowing ListeningSocket) -> Descriptor {
        Descriptor(owning: fcntl(socket.socket.raw, F_DUPFD_CLOEXEC, 0))
    }

    @Test(arguments: [
        (InternetAddress(.anyV4, port: 0), false), (InternetAddress(.loopbackV4, port: 0), false),
        (InternetAddress(.loopbackV6, port: 0), false), (InternetAddress(.anyV6, port: 0), false),
        (InternetAddress(.anyV6, port: 0), true),
    ])
    func `one that came knows where it listens, and goes on after the first owner`(
        address: InternetAddress, dualStack: Bool
    ) throws {
        var first = try ListeningSocket(address, dualStack: dualStack)
        let bound = first.bind
        let listened = first.address
        let port = try #require(listened).port
        #expect(bound == (dualStack ? .any(port: port) : .internet(InternetAddress(address.ip, port: port))))
        var second = try ListeningSocket(adopting: copy(first))
        first.close()
        let (found, there) = (second.bind, second.address)
        #expect(found == bound)
        #expect(there?.port == port)
        let target = address.ip.isV4 ? IPAddress.loopbackV4 : .loopbackV6
        var client = try Socket.stream(family: address.ip.isV4 ? AF_INET : AF_INET6)
        let answer = client.socket.connect(to: SocketAddress(InternetAddress(target, port: port)))
        #expect(answer == .inProgress || answer == .connected)
        client.close()
        second.close()
    }

    /// As systemd passes what it opened for a socket unit.
    @Test func `one that came never blocks, though it did`() throws {
        var first = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        let flags = fcntl(first.socket.raw, F_GETFL)
        #expect(fcntl(first.socket.raw, F_SETFL, flags & ~O_NONBLOCK) == 0)
        var second = try ListeningSocket(adopting: copy(first))
        #expect(fcntl(second.socket.raw, F_GETFL) & O_NONBLOCK != 0)
        first.close()
        second.close()
    }

    @Test func `what does not listen is not taken`() throws {
        let error = #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(adopting: Socket.stream(family: AF_INET))
            socket.close()
        }
        #expect(error?.errno.rawValue == EINVAL)
        #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(adopting: Descriptor.reserve())
            socket.close()
        }
    }

    @Test func `a path goes with the socket, and is removed by its last owner alone`() throws {
        let path = Self.freePath("passed")
        var first = try ListeningSocket(unixPath: path)
        var second = try ListeningSocket(adopting: copy(first))
        let bound = second.bind
        #expect(bound == .unix(path: path))
        // Given up before it was decided.
        var third = try ListeningSocket(adopting: copy(first))
        third.close()
        #expect(try connects(path))
        first.disown()
        second.own(path: path)
        first.close()
        #expect(try connects(path))
        second.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a path that is taken over leads to the second, and the first does not remove it`() throws {
        let path = Self.freePath("replaced")
        var first = try ListeningSocket(unixPath: path, isPacket: true)
        var before = try PacketSocket(connectingTo: path)
        var second = try ListeningSocket(unixPath: path, isPacket: true, replaces: true)
        first.close()
        var after = try PacketSocket(connectingTo: path)
        guard case .connection(var accepted, _) = second.socket.accept() else {
            Issue.record("the path does not lead to the second")
            return
        }
        accepted.close()
        before.close()
        after.close()
        second.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a file that is no socket is not taken over either`() throws {
        let path = Self.freePath("file")
        var file = Descriptor(owning: open(path, O_CREAT | O_WRONLY, 0o600))
        file.close()
        defer { unlink(path) }
        #expect(throws: SystemError.self) {
            var socket = try ListeningSocket(unixPath: path, replaces: true)
            socket.close()
        }
    }

    @Test func `of many that find the same dead socket one has its place`() throws {
        let path = Self.freePath("crowd")
        var dead = try ListeningSocket(unixPath: path)
        dead.disown()
        dead.close()
        let held = Atomic<Int>(0)
        let tried = Atomic<Int>(0)
        let threads = try (0..<8).map { _ in
            try Thread(name: "start") {
                guard var socket = try? ListeningSocket(unixPath: path) else {
                    tried.add(1, ordering: .relaxed)
                    return
                }
                held.add(1, ordering: .relaxed)
                tried.add(1, ordering: .relaxed)
                // Until all others have found it.
                for _ in 0..<10_000 where tried.load(ordering: .relaxed) < 8 { usleep(1000) }
                socket.close()
            }
        }
        for thread in threads { thread.join() }
        #expect(held.load(ordering: .relaxed) == 1)
        #expect(access(path, F_OK) != 0)
    }
}
