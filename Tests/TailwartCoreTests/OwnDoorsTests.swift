import TailwartCore
import TailwartWire
import Testing

@Suite struct OwnDoorsTests {
    private static let public4 = IPAddress.v4(0xcb00_7105)
    private static let public6 = IPAddress.v6(0x2001_0db8_0000_0000, 5)
    private static let elsewhere = IPAddress.v4(0xc000_0201)
    private static let outer = IPAddress.v4(0xc633_6407)
    private static let host = [.loopbackV4, .loopbackV6, public4, public6]

    struct Case: Sendable, CustomTestStringConvertible {
        let bind: BindAddress
        let dialled: IPAddress
        var port: UInt16 = 25
        let isOwn: Bool

        var testDescription: String { "\(bind) \(InternetAddress(dialled, port: port))" }
    }

    private static func at(_ ip: IPAddress) -> BindAddress { .internet(InternetAddress(ip, port: 25)) }

    @Test(arguments: [
        // All addresses of the host, in whatever form.
        Case(bind: .any(port: 25), dialled: public4, isOwn: true),
        Case(bind: .any(port: 25), dialled: public4.mapped, isOwn: true),
        Case(bind: .any(port: 25), dialled: public6, isOwn: true),
        Case(bind: .any(port: 25), dialled: .loopbackV4, isOwn: true),
        Case(bind: .any(port: 25), dialled: .v4(0x7f00_0063), isOwn: true),
        Case(bind: .any(port: 25), dialled: .loopbackV6, isOwn: true),
        Case(bind: .any(port: 25), dialled: .anyV4, isOwn: true),
        Case(bind: .any(port: 25), dialled: .anyV6, isOwn: true),
        Case(bind: .any(port: 25), dialled: IPAddress.anyV4.mapped, isOwn: true),
        Case(bind: .any(port: 25), dialled: elsewhere, isOwn: false),
        Case(bind: .any(port: 25), dialled: public4, port: 2525, isOwn: false),
        Case(bind: .any(port: 25), dialled: .anyV4, port: 2525, isOwn: false),
        // One address.
        Case(bind: at(public4), dialled: public4, isOwn: true),
        Case(bind: at(public4.mapped), dialled: public4, isOwn: true),
        Case(bind: at(public4), dialled: public6, isOwn: false),
        Case(bind: at(public4), dialled: .loopbackV4, isOwn: false),
        Case(bind: at(public4), dialled: .anyV4, isOwn: false),
        Case(bind: at(.loopbackV4), dialled: .loopbackV4, isOwn: true),
        Case(bind: at(.loopbackV4), dialled: .anyV4, isOwn: true),
        Case(bind: at(.loopbackV4), dialled: .v4(0x7f00_0063), isOwn: false),
        Case(bind: at(.loopbackV4), dialled: public4, isOwn: false),
        Case(bind: at(.loopbackV6), dialled: .anyV6, isOwn: true),
        // One that the host does not have yet, but listens on.
        Case(bind: at(elsewhere), dialled: elsewhere, isOwn: true),
        // All of one family.
        Case(bind: at(.anyV4), dialled: public4, isOwn: true), Case(bind: at(.anyV4), dialled: public6, isOwn: false),
        Case(bind: at(.anyV6), dialled: public6, isOwn: true), Case(bind: at(.anyV6), dialled: public4, isOwn: false),
        Case(bind: at(.anyV6), dialled: public4.mapped, isOwn: false),
        // One that a router maps to some address of the host.
        Case(bind: .any(port: 25), dialled: outer, isOwn: true), Case(bind: at(public4), dialled: outer, isOwn: true),
        Case(bind: at(.loopbackV4), dialled: outer, isOwn: false),
        Case(bind: at(public6), dialled: outer, isOwn: false),
        Case(bind: .any(port: 25), dialled: outer, port: 2525, isOwn: false),
        Case(bind: .unix(path: "/run/x"), dialled: public4, isOwn: false),
    ])
    func `a door is met where the edge would accept`(entry: Case) {
        let own = OwnDoors([entry.bind], host: Self.host, outer: [Self.outer])
        #expect(own.contains(InternetAddress(entry.dialled, port: entry.port)) == entry.isOwn)
    }
}
