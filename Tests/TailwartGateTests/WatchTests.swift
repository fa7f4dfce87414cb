import Glibc
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// What becomes of the command, without one.
@Suite struct WatchTests {
    private static let loopback = [IPAddress.v4(0x7f00_0001), .v6(0, 1)]
    private static let bridge = IPAddress.v4(0xac12_0002)
    private static let own = IPAddress.v4(0x6440_0007)
    private static let other = IPAddress.v4(0x6440_0008)

    /// A watch with a clock that goes by looks.
    private struct Watched {
        var watch: Watch
        var now: UInt64 = 1_000_000

        init(asksTailscaled: Bool = true, isOpen: Bool = true) {
            watch = Watch(asksTailscaled: asksTailscaled, now: now)
            if isOpen { _ = watch.take(.opened, now: now) }
        }

        mutating func take(_ event: Watch.Event) -> [Watch.Effect] { watch.take(event, now: now) }

        /// Looks once a second for so many seconds, the first time after one; what came of it.
        mutating func look(_ addresses: [IPAddress], for seconds: Int) -> [Watch.Effect] {
            (0..<seconds).flatMap { _ in
                now = max(now, watch.deadline)
                return watch.take(.looked(addresses), now: now)
            }
        }
    }

    private static func isEnd(_ effects: [Watch.Effect]) -> Bool { effects.contains(.pass(SIGTERM)) }

    @Test func `the command is started when the gate opens, and its exit code kept`() {
        var watched = Watched(isOpen: false)
        #expect(watched.take(.opened) == [.start])
        #expect(watched.take(.opened).isEmpty)
        #expect(watched.take(.ended(7)) == [.exit(7)])
    }

    @Test(arguments: Watch.passedOn)
    func `a signal is the command's`(number: CInt) {
        var watched = Watched()
        #expect(watched.take(.signal(number)) == [.pass(number)])
    }

    @Test(
        arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129), (SIGQUIT, 131), (SIGUSR1, nil), (SIGWINCH, nil)]
            as [(CInt, Int32?)])
    func `before there is one, a signal that ends programs ends the waiting`(number: CInt, code: Int32?) {
        var watched = Watched(isOpen: false)
        #expect(watched.take(.signal(number)) == (code.map { [.exit($0)] } ?? []))
    }

    @Test func `only loopback for five seconds is a dead network, for less it is none`() {
        var watched = Watched(asksTailscaled: false)
        #expect(watched.look(Self.loopback + [Self.bridge], for: 100).isEmpty)
        #expect(watched.look(Self.loopback, for: 5).isEmpty)
        #expect(watched.look(Self.loopback + [Self.bridge], for: 1).isEmpty)
        #expect(watched.look(Self.loopback, for: 5).isEmpty)
        #expect(Self.isEnd(watched.look(Self.loopback, for: 1)))
        #expect(watched.take(.ended(0)) == [.exit(Watch.deadNetwork)])
    }

    @Test func `a system that does not tell its addresses has lost none`() {
        var watched = Watched(asksTailscaled: false)
        #expect(watched.look([], for: 100).isEmpty)
    }

    @Test func `in a dead network nothing is ended until tailscaled is connected in another one`() {
        var watched = Watched()
        _ = watched.look(Self.loopback + [Self.bridge, Self.own], for: 1)
        #expect(watched.take(.tailnet([Self.own])).isEmpty)
        let effects = watched.look(Self.loopback, for: 30)
        #expect(!Self.isEnd(effects))
        #expect(effects.filter { $0 == .ask }.count == 5, "soon, and not with every look")
        #expect(effects.filter { if case .say = $0 { true } else { false } }.count == 1)
        #expect(watched.take(.tailnet([])).isEmpty, "it is not there, or not connected")
        #expect(Self.isEnd(watched.take(.tailnet([Self.own]))))
        #expect(watched.take(.tailnet([Self.own])).isEmpty)
    }

    @Test func `a gate that waits in a dead network ends as well`() {
        var watched = Watched(isOpen: false)
        _ = watched.look(Self.loopback, for: 10)
        #expect(watched.take(.tailnet([Self.own])).last == .exit(Watch.deadNetwork))
        #expect(watched.take(.opened).isEmpty)
    }

    @Test func `tailscaled's address may be away for less than a minute`() {
        var watched = Watched()
        _ = watched.look(Self.loopback + [Self.bridge, Self.own], for: 1)
        _ = watched.take(.tailnet([Self.own, .v6(0xfd7a, 7)]))
        #expect(watched.look(Self.loopback + [Self.bridge], for: 60).isEmpty)
        #expect(watched.look(Self.loopback + [Self.bridge, Self.own], for: 1).isEmpty)
        let effects = watched.look(Self.loopback + [Self.bridge], for: 61)
        #expect(effects.last == .ask)
        #expect(Self.isEnd(watched.take(.tailnet([Self.own]))))
    }

    @Test func `a node that has got another address in the same network lives`() {
        var watched = Watched()
        _ = watched.look([Self.bridge, Self.own], for: 1)
        _ = watched.take(.tailnet([Self.own]))
        #expect(watched.look([Self.bridge, Self.other], for: 61).last == .ask)
        #expect(watched.take(.tailnet([Self.other])).isEmpty)
        #expect(watched.look([Self.bridge, Self.other], for: 200).isEmpty)
    }

    @Test func `an address that was never on an interface is not missed, as in userspace mode`() {
        var watched = Watched()
        for _ in 0..<10 {
            #expect(watched.look(Self.loopback + [Self.bridge], for: 30).filter { $0 == .ask }.count == 1)
            #expect(watched.take(.tailnet([Self.own])).isEmpty)
        }
    }

    @Test func `a command that does not end is killed when the grace is over`() {
        var watched = Watched(asksTailscaled: false)
        #expect(Self.isEnd(watched.look(Self.loopback, for: 6)))
        #expect(watched.look(Self.loopback, for: 29).isEmpty)
        #expect(watched.look(Self.loopback, for: 1).last == .pass(SIGKILL))
        #expect(watched.look(Self.loopback, for: 10).isEmpty)
        #expect(watched.take(.ended(137)) == [.exit(Watch.deadNetwork)])
    }
}
