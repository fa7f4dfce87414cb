import Glibc
import TailwartSystem
import TailwartWire
import Testing

struct SocketAddressTests {
    @Test(arguments: [
        "0.0.0.0", "127.0.0.1", "192.0.2.25", "255.255.255.255", "::", "::1", "2001:db8::25", "::ffff:192.0.2.1",
        "fe80::1:2:3:4", "ff02::1",
    ])
    func `an address comes back as it went in`(text: String) throws {
        let ip = try #require(IPAddress(text))
        for port in [0, 25, 65_535] as [UInt16] {
            let address = InternetAddress(ip, port: port)
            let socketAddress = SocketAddress(address)
            #expect(socketAddress.internet == address)
            #expect(socketAddress.family == (ip.isV4 ? AF_INET : AF_INET6))
        }
    }

    @Test(arguments: ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    func `an address that a library gave is copied`(text: String) throws {
        let address = InternetAddress(try #require(IPAddress(text)), port: 993)
        var original = SocketAddress(address)
        let copy = withUnsafeBytes(of: &original) { bytes in
            SocketAddress(copying: bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self))
        }
        #expect(copy?.internet == address)
        #expect(SocketAddress(copying: nil) == nil)
    }

    @Test func `the path of a unix socket has at most 107 bytes`() throws {
        let longest = "/" + String(repeating: "x", count: SocketAddress.maximumPathLength - 1)
        let address = try #require(SocketAddress(unixPath: longest))
        #expect(address.family == AF_UNIX)
        #expect(address.internet == nil)
        #expect(SocketAddress(unixPath: longest + "x") == nil)
    }

    @Test(arguments: [IPAddress.loopbackV4, .loopbackV6, .v4(0x7f00_0005)])
    func `a socket tells where it listens and whom it accepts`(ip: IPAddress) throws {
        var listener = try ListeningSocket(InternetAddress(ip, port: 0))
        let bound = listener.address
        let address = try #require(bound)
        #expect(address.ip == ip)
        #expect(address.port > 0)
        var client = try Socket.stream(family: ip.isV4 ? AF_INET : AF_INET6)
        let answer = client.socket.connect(to: SocketAddress(address))
        #expect(answer == .inProgress)
        let own = client.socket.localAddress()
        switch listener.socket.accept() {
        case .connection(var accepted, let peer):
            #expect(peer == own)
            let own = accepted.socket.localAddress()
            #expect(own == address)
            accepted.close()
        default:
            Issue.record("the connection was not there")
        }
        client.close()
        listener.close()
    }
}
