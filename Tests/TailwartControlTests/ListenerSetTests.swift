import Glibc
import TailwartControl
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire
import Testing

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

    @Test func `every address that cannot be had is told, not only the first`() {
        let elsewhere = InternetAddress(.v4(0xc000_0201), port: 2525)
        do {
            _ = try ListenerSet(
                topology(listener("a", [.internet(elsewhere)]), listener("b", [.internet(elsewhere)])))
            Issue.record("an address of another host was bound")
        } catch {
            #expect(error.problems.map(\.listener) == ["a", "b"])
            #expect(error.description.contains("this host does not have that address"))
        }
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
