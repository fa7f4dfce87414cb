import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// What a whole connection costs in allocations on its worker, from accept to record, once the worker has served some others.
///
/// Sessions, timers, records and the buffer are all there before: slots that are used again. What is left is listed here.
@Suite(.ownThreads) struct ConnectionAllocationTests {
    private static let count = 200

    @Test(arguments: [ProxyProtocolOut(.none), ProxyProtocolOut(.v1), ProxyProtocolOut(.v2)])
    func `a plain connection allocates nothing`(header: ProxyProtocolOut) throws {
        try expect(0, [.test(routes: [.toFirst(header: header)])]) { try $0.send("220 mail\r\n".utf8) }
    }

    @Test func `a connection with all extensions in its header allocates nothing`() throws {
        let header = ProxyProtocolOut(.v2, tlvs: [.crc32c, .uniqueID])
        try expect(0, [.test(routes: [.toFirst(header: header)])]) { try $0.send("220 mail\r\n".utf8) }
    }

    /// One: the name and the protocols of the hello, which go into the record. They are larger than all the rest of a session, and
    /// most sessions have none.
    @Test func `a connection that is routed by its server name allocates its hello`() throws {
        let pattern = try #require(ServerNamePattern("mail.example.org"))
        let other = try #require(ServerNamePattern("*.example.net"))
        let routes: [Route] = [
            .toFirst(RouteMatch(serverNames: [other])),
            .toFirst(RouteMatch(serverNames: [pattern], clients: [Network("127.0.0.0/8")].compactMap { $0 })),
        ]
        let hello = ClientHelloBuilder(serverName: "mail.example.org", alpn: ["imap"], paddedLength: 1800).bytes
        try expect(1, [.test(.imaps, routes: routes)], first: hello) { _ in }
    }

    @Test func `a connection that comes with a header allocates nothing`() throws {
        let trusted = try #require(Network("127.0.0.0/8"))
        let settings = ProxyProtocolIn(trusted: [trusted])
        let header = Array("PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n".utf8)
        try expect(0, [.test(proxyProtocolIn: settings)], first: header) { _ in }
    }

    @Test func `one that comes directly beside a load balancer allocates nothing`() throws {
        let trusted = try #require(Network("192.0.2.0/24"))
        let settings = ProxyProtocolIn(trusted: [trusted], others: .direct)
        try expect(0, [.test(proxyProtocolIn: settings)]) { _ in }
    }

    /// Serves connections one after the other.
    private func expect(
        _ perConnection: Int, _ listeners: [Listener], first: [UInt8] = [],
        greet: (TestSocket) throws -> Void
    ) throws {
        let mailbox = try TestListener()
        try withCountedEngine(listeners: listeners, upstreams: [.test(mailbox.address)]) { edge, tally in
            func serve() throws {
                let client = try edge.connect()
                try client.send(first)
                let upstream = try mailbox.accept()
                try greet(upstream)
                try client.send("QUIT\r\n".utf8)
                client.finish()
                _ = try upstream.receiveToEnd()
                upstream.close()
                _ = try client.receiveToEnd()
                client.close()
                _ = try edge.nextRecord()
            }
            let allocations = try tally.during { for _ in 0..<Self.count { try serve() } }
            #expect(allocations == UInt64(perConnection * Self.count))
        }
    }
}
