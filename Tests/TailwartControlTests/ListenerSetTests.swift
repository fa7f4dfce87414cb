import Glibc
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire
import Testing

@testable import TailwartControl

@Suite struct ListenerSetTests {
    private func listener(_ name: String, _ binds: [BindAddress]) -> Listener {
        Listener(name: name, bind: binds, proto: .smtp, routes: [Route(to: .close)])
    }

    private func topology(_ listeners: Listener...) -> Topology {
        Topology(Configuration(listeners: listeners), addresses: { _ in [] })
    }

    private func free() throws -> UInt16 {
        var probe = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        defer { probe.close() }
        return try #require(probe.address?.port)
    }

    @Test func `a taken port names the port, who holds it and what to do, and nothing stays open`() throws {
        var holder = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        defer { holder.close() }
        let taken = try #require(holder.address?.port)
        let other = try free()
        let topology = topology(
            listener("good", [.internet(InternetAddress(.loopbackV4, port: other))]),
            listener("bad", [.internet(InternetAddress(.loopbackV4, port: taken))]))
        do {
            _ = try ListenerSet(topology)
            Issue.record("a taken port was bound")
        } catch {
            let problem = try #require(error.problems.first)
            #expect(error.problems.count == 1)
            #expect(problem.listener == "bad")
            #expect(problem.description.contains("port \(taken) is taken by"))
            #expect(problem.description.contains("(process \(getpid()))"))
            #expect(problem.description.contains("choose another port"))
        }
        var again = try ListeningSocket(InternetAddress(.loopbackV4, port: other))
        again.close()
    }

    @Test func `every address that cannot be had is told, not only the first`() throws {
        var holder = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
        defer { holder.close() }
        let taken = InternetAddress(.loopbackV4, port: try #require(holder.address?.port))
        do {
            _ = try ListenerSet(topology(listener("a", [.internet(taken)]), listener("b", [.internet(taken)])))
            Issue.record("a taken port was bound")
        } catch {
            #expect(error.problems.map(\.listener) == ["a", "b"])
        }
    }

    @Test(arguments: [IPAddress.v4(0xc000_0201), .v6(0x2001_0db8_0000_0000, 1)])
    func `an address that this host does not have yet is listened on, and told`(ip: IPAddress) throws {
        let elsewhere = InternetAddress(ip, port: try free())
        let set = try ListenerSet(topology(listener("a", [.internet(elsewhere)])))
        #expect(set.addresses == [elsewhere])
        #expect(set.missing == [.init(.internet(elsewhere), listener: "a")])
    }

    @Test func `a socket for both families takes both`() throws {
        let set = try ListenerSet(topology(listener("any", [.any(port: 0)])))
        let port = try #require(set.sockets.first?.address?.port)
        for ip in [IPAddress.loopbackV4, .loopbackV6] {
            var client = try Socket.stream(family: SocketAddress(InternetAddress(ip, port: port)).family)
            let answer = client.socket.connect(to: SocketAddress(InternetAddress(ip, port: port)))
            client.close()
            #expect(answer == .connected || answer == .inProgress)
        }
    }
}
