import Glibc
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
