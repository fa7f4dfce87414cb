import NIOCore
import TailwartWire
import Testing

@testable import TailwartTailnet

/// Tolerance: what is missing, null or of another type does not take its neighbours away.
@Suite struct StatusParsingTests {
    private func status(_ json: String) throws -> TailnetStatus {
        try TailnetStatus(json: ByteBuffer(string: json))
    }

    @Test(arguments: [
        #"{"BackendState":"Running"}"#,
        #"{"BackendState":"Running","Self":null,"Peer":null,"Health":null,"TailscaleIPs":null,"CurrentTailnet":null}"#,
        #"{"BackendState":"Running","Self":7,"Peer":[],"Health":"x","TUN":"yes","TailscaleIPs":{},"CurrentTailnet":[]}"#,
        #"{"BackendState":"Running","Self":{},"Peer":{},"MagicDNSSuffix":""}"#,
        #"{"BackendState":"Running","Self":{"DNSName":"","TailscaleIPs":null}}"#,
    ])
    func `without the rest it is still a status`(json: String) throws {
        #expect(try status(json) == TailnetStatus(backendState: .running))
    }

    @Test func `one peer that cannot be read does not take the others away`() throws {
        let status = try status(
            #"""
            {"BackendState":"Running","MagicDNSSuffix":"Example.Internal.",
             "Self":{"DNSName":"Edge.example.internal.","TailscaleIPs":["fd7a:115c:a1e0::2","100.64.0.2"],
                     "KeyExpiry":"2026-01-01T00:00:00Z","Tags":["tag:edge",7]},
             "Peer":{"a":null,"b":7,"c":[],"d":{"DNSName":7},"e":{"DNSName":"bad name."},"f":{"DNSName":""},
                     "g":{"DNSName":"Good.example.internal.","TailscaleIPs":["100.64.0.3","100.64.0.300",null],
                          "Online":"yes","LastHandshake":"0001-01-01T00:00:00Z","KeyExpiry":null,"CurAddr":"nonsense",
                          "Relay":"fra","Active":true}}}
            """#)
        #expect(status.suffix == "example.internal")
        #expect(status.ownName == "edge.example.internal")
        #expect(status.ownAddresses == [.v4(0x6440_0002), .v6(0xfd7a_115c_a1e0_0000, 2)])
        #expect(status.ownTags == ["tag:edge"])
        #expect(status.keyExpiry == 1_767_225_600)
        #expect(
            status.peers == [
                TailnetPeer(
                    name: "good.example.internal", addresses: [.v4(0x6440_0003)], isOnline: false, isActive: true,
                    path: .derp("fra"))
            ])
    }

    @Test func `the own addresses may be said in one place or the other`() throws {
        let json =
            #"{"BackendState":"Starting","TailscaleIPs":["100.64.0.2"],"Self":{"DNSName":"edge.tail1234.ts.net."}}"#
        #expect(try status(json).ownAddresses == [.v4(0x6440_0002)])
    }

    @Test func `public addresses at which this host is reached are kept, whatever else is among them`() throws {
        let json = #"""
            {"BackendState":"Running","Self":{"DNSName":"edge.tail1234.ts.net.","Addrs":["203.0.113.7:41641",
             "10.0.0.5:41641","[2001:db8::7]:41641","nonsense",7,"[::","100.64.0.2:1"]}}
            """#
        #expect(try status(json).outerAddresses == [.v4(0xcb00_7107), .v6(0x2001_0db8_0000_0000, 7)])
    }

    @Test func `what is printed is fit for a line, and bounded`() throws {
        let long = String(repeating: "y", count: 10_000)
        let health = Array(repeating: "\"bad\\nthing \(long)\"", count: 100).joined(separator: ",")
        let status = try status(#"{"BackendState":"Odd\r\nstate\#(long)","Health":[\#(health)]}"#)
        #expect(status.backendState.name.utf8.count < 50 && status.backendState.name.hasPrefix("Odd??state"))
        #expect(status.health.count == 16)
        #expect(status.health.allSatisfy { $0.hasPrefix("bad?thing") && $0.utf8.count < 310 })
    }

    @Test(arguments: [
        (#"{"LatencySeconds":0.0125,"Endpoint":"198.51.100.7:1"}"#, 12_500 as Int?),
        (#"{"LatencySeconds":0}"#, 0), (#"{"LatencySeconds":-1}"#, nil), (#"{"LatencySeconds":1e300}"#, nil),
        (#"{"LatencySeconds":"1"}"#, nil), ("{}", nil), ("[]", nil),
    ])
    func `a ping needs a latency that can be one`(json: String, microseconds: Int?) throws {
        let ping = try? TailnetPing(json: ByteBuffer(string: json))
        #expect(ping?.latency == microseconds.map { .microseconds($0) })
    }
}
