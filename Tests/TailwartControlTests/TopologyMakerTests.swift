import Synchronization
import TailwartCore
import TailwartWire
import Testing

@testable import TailwartControl

@Suite struct TopologyMakerTests {
    private static let name = "mail.example.org"
    private static let outer = IPAddress.v4(0xcb00_7107)
    private static let elsewhere = IPAddress.v4(0xc000_0201)

    /// A maker for an edge on port 25 of all addresses, with a mailbox by name.
    ///
    /// - Parameter port: of the mailbox; nil: the same.
    private static func maker(port: UInt16? = nil) -> TopologyMaker {
        let bind = BindAddress.any(port: 25)
        let configuration = Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name(name), port: port)])],
            listeners: [
                Listener(name: "smtp", bind: [bind], proto: .smtp, routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
        return TopologyMaker(
            configuration, host: "edge.example.net", binds: [bind],
            carrying: Topology(configuration, addresses: { _ in nil }))
    }

    private static func dialled(_ topology: Topology) -> [IPAddress]? {
        guard let approach = topology.approaches.first, !approach.backend.endpoints[0].isAwaited else { return nil }
        return approach.addresses.compactMap { $0.dialled(doorPort: 25).internet?.ip }
    }

    @Test func `a name is awaited until there is an answer`() {
        let maker = Self.maker()
        #expect(Self.dialled(maker.topology()) == nil)
        maker.learn([:]) { #expect(Self.dialled($0) == nil) }
        maker.learn([Self.name: []]) { #expect(Self.dialled($0) == []) }
        maker.learn([Self.name: [Self.elsewhere]]) { #expect(Self.dialled($0) == [Self.elsewhere]) }
    }

    @Test func `an address that turns out to be the edge's own is left out, and taken back when it is not any more`() {
        let maker = Self.maker()
        var made: [[IPAddress]?] = []
        maker.learn([Self.name: [Self.outer, Self.elsewhere]]) { made.append(Self.dialled($0)) }
        for outer in [nil, [], [Self.outer], nil, [Self.outer], [Self.outer, .v4(1)], []] as [[IPAddress]?] {
            maker.learnHost(outer: outer) { made.append(Self.dialled($0)) }
        }
        #expect(made == [[Self.outer, Self.elsewhere], [Self.elsewhere], [Self.outer, Self.elsewhere]])
    }

    @Test func `what is mapped stays known while names change`() {
        for (port, expected) in [(nil, []), (2525, [Self.outer])] as [(UInt16?, [IPAddress])] {
            let maker = Self.maker(port: port)
            maker.learnHost(outer: [Self.outer]) { _ in Issue.record("nobody has that address yet") }
            maker.learn([Self.name: [Self.outer]]) { #expect(Self.dialled($0) == expected) }
            #expect(Self.dialled(maker.current { _ in Issue.record("nothing has changed") }) == expected)
        }
    }

    @Test func `another configuration has the addresses that are known, and calls itself as the tailnet does`() {
        let maker = Self.maker()
        maker.learn([Self.name: [Self.elsewhere]]) { _ in }
        maker.learnHost(tailnet: "vm.tail1234.ts.net", outer: nil) { _ in }
        var configuration = Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name(Self.name))])])
        configuration.listeners = [
            Listener(
                name: "mx", bind: [.any(port: 26)], proto: .smtp, routes: [Route(to: .upstream("mailbox", port: nil))])
        ]
        maker.change(to: configuration, binds: [.any(port: 26)]) { topology in
            #expect(topology.frontends.map(\.listener.name) == ["mx"])
            #expect(Self.dialled(topology) == [Self.elsewhere])
        }
        // Names are learned for it from now on.
        maker.learn([Self.name: [Self.outer]]) { #expect($0.frontends.map(\.listener.name) == ["mx"]) }
        #expect(maker.name.description == "edge.example.net")
    }

    @Test func `what is known of an address goes from each topology to the next`() {
        let maker = Self.maker()
        maker.learn([Self.name: [Self.elsewhere]]) { $0.approaches[0].addresses[0].distrusts(now: 1) }
        maker.learn([Self.name: [.v4(1), Self.elsewhere]]) { topology in
            #expect(topology.approaches[0].addresses.map(\.distrustsHeader) == [false, true])
        }
    }

    // MARK: - what the edge calls itself

    private static func maker(host: String, refusal: String? = nil) -> TopologyMaker {
        let configuration = Configuration(
            listeners: [Listener(name: "smtp", bind: [], proto: .smtp, routes: [], refusal: Refusal(host: refusal))])
        return TopologyMaker(
            configuration, host: host, interfaces: { [.loopbackV4, .v4(0x0101_0105)] }, binds: [],
            carrying: Topology(configuration, addresses: { _ in nil }))
    }

    @Test func `the name of the tailnet takes the place of the address, once, and stays`() {
        let maker = Self.maker(host: "vm")
        #expect(maker.name.description == "[1.1.1.5]")
        var applied = 0
        for name in ["", "vm.tail1234.ts.net", "vm.tail1234.ts.net", "", nil] {
            maker.learnHost(tailnet: name, outer: nil) { _ in applied += 1 }
        }
        #expect(applied == 1)
        #expect(maker.name.description == "vm.tail1234.ts.net")
    }

    @Test(
        arguments: [
            ("mx.example.org", "vm", "mx.example.org"), ("mx", "vm", "vm.tail1234.ts.net"),
            (nil, "vm.example.net", "vm.example.net"),
        ] as [(String?, String, String)])
    func `what the file says, and the host, come before the tailnet`(file: String?, host: String, name: String) {
        let maker = Self.maker(host: host, refusal: file)
        maker.learnHost(tailnet: "vm.tail1234.ts.net", outer: nil) { _ in }
        #expect(maker.name.description == name)
    }
}
