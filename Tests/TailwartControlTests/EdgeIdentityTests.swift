import Synchronization
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

@Suite struct EdgeIdentityTests {
    private static let addresses: [IPAddress] = [.loopbackV4, .v4(0x0101_0105)]

    private static func configuration(refusal host: String? = nil) -> Configuration {
        Configuration(
            listeners: [
                Listener(name: "smtp", bind: [], proto: .smtp, routes: [], refusal: Refusal(host: host))
            ])
    }

    @Test func `the name of the tailnet takes the place of the address, once, and stays`() {
        let identity = EdgeIdentity(Self.configuration(), host: "vm", interfaces: { Self.addresses })
        #expect(identity.name.description == "[1.1.1.5]")
        var applied: [String] = []
        identity.resolved(["a.example": [.loopbackV4]]) { applied.append("\($0.name) \($0.addresses.count)") }
        for name in ["", "vm.tail1234.ts.net", "vm.tail1234.ts.net", ""] {
            identity.joined(tailnet: name) { applied.append("\($0.name) \($0.addresses.count)") }
        }
        #expect(applied == ["[1.1.1.5] 1", "vm.tail1234.ts.net 1"])
        #expect(identity.name.description == "vm.tail1234.ts.net")
    }

    @Test(
        arguments: [
            ("mx.example.org", "vm", "mx.example.org"), ("mx", "vm", "vm.tail1234.ts.net"),
            (nil, "vm.example.net", "vm.example.net"),
        ] as [(String?, String, String)])
    func `what the file says, and the host, come before the tailnet`(file: String?, host: String, name: String) {
        let identity = EdgeIdentity(
            Self.configuration(refusal: file), host: host, interfaces: { Self.addresses })
        identity.joined(tailnet: "vm.tail1234.ts.net") { _ in }
        #expect(identity.name.description == name)
    }
}
