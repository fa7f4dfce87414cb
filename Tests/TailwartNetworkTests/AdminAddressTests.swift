import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension NetworkTests {
    @Test func `the admin interface answers at the tailnet's addresses as soon as there are some, and nowhere else`()
        async throws
    {
        try await TestNetwork.run { network in
            // As before tailscaled has started.
            try await network.edge.ip("addr flush dev tailscale0")
            _ = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: off
                admin: {socket: off, listen: "tailnet:9025"}
                upstreams: {mailbox: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off}}
                listeners: [{name: smtp, bind: [":25"], to: mailbox}]
                """)
            try await network.edge.ip(TestNetwork.joinTailnet(TestNetwork.edgeInTailnet))
            for address in TestNetwork.edgeInTailnet {
                try await eventually("it answers at \(address)") {
                    try network.home.inside { try? Self.ask(address) } == "HTTP/1.1 200 OK" ? true : nil
                }
            }
            for address in TestNetwork.edge {
                let outcome = try network.internet.inside { Result { try Self.ask(address) } }
                #expect(throws: (any Error).self, "from the internet at \(address)") { try outcome.get() }
            }
        }
    }

    /// - Returns: the first line of the answer.
    private static func ask(_ address: IPAddress) throws -> String {
        let place = InternetAddress(address, port: 9025)
        let socket = try TestSocket.connect(to: place)
        defer { socket.close() }
        try socket.send("GET /livez HTTP/1.1\r\nHost: \(place)\r\nConnection: close\r\n\r\n".utf8)
        let answer = try socket.receiveToEnd().bytes
        return String(String(decoding: answer, as: UTF8.self).prefix { $0 != "\r\n" })
    }
}
