import TailwartCore
import TailwartTailnet
import TailwartWire
import Testing

@testable import TailwartControl

@Suite struct TailnetControlTests {
    typealias Look = Result<TailnetStatus, LocalAPIError>

    private static let name = "stalwart.tail1234.ts.net"
    private static let address = IPAddress.v4(0x6440_0003)
    private static let gone = LocalAPIError.refused("/s")
    private static let own = TailnetPeer(name: "edge.tail1234.ts.net", addresses: [.v4(0x6440_0002)])

    private static func running(
        usesTUN: Bool = true, path: TailnetPath = .idle, handshake: Int? = nil, addresses: [IPAddress] = [address]
    ) -> Look {
        let peer = TailnetPeer(
            name: name, addresses: addresses, isActive: path != .idle, lastHandshake: handshake, path: path)
        return .success(
            TailnetStatus(
                backendState: .running, usesTUN: usesTUN, own: own, suffix: "tail1234.ts.net", peers: [peer]))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var isNeeded = true
        var direct: Set<String> = [name]
        let looks: [Look]
        /// What the last look brought: names of changes, and what the resolver learns.
        let changes: [String]
        let learned: [String: [IPAddress]]?
    }

    static let cases: [Case] = [
        Case(
            testDescription: "the first look", looks: [running()], changes: ["tailscaled_state", "own_addresses"],
            learned: [name: [address]]),
        Case(testDescription: "nothing new", looks: [running(), running()], changes: [], learned: [name: [address]]),
        Case(
            testDescription: "no tailscaled, and it is needed", looks: [.failure(gone)], changes: ["tailscaled_gone"],
            learned: nil),
        Case(
            testDescription: "no tailscaled, and nothing needs it", isNeeded: false, looks: [.failure(gone)],
            changes: [], learned: nil),
        Case(
            testDescription: "nothing needs it, but it was there", isNeeded: false,
            looks: [running(), .failure(gone)], changes: ["tailscaled_gone"], learned: nil),
        Case(
            testDescription: "userspace mode", looks: [running(usesTUN: false)],
            changes: ["userspace", "tailscaled_state", "own_addresses"], learned: [name: [address]]),
        Case(
            testDescription: "userspace mode is said once", looks: [running(usesTUN: false), running(usesTUN: false)],
            changes: [], learned: [name: [address]]),
        Case(
            testDescription: "userspace mode, and nothing is dialled directly", direct: [],
            looks: [running(usesTUN: false)], changes: ["tailscaled_state", "own_addresses"],
            learned: [name: [address]]),
    ]

    private func change(_ effect: TailnetControl.Effect) -> String? {
        switch effect {
        case .learn: return nil
        case .sayAfterPing(let news, _): return news.change.rawValue
        case .say(let event):
            guard case .text(let change)? = event.value(of: .change) else { return "\(event)" }
            return change
        }
    }

    @Test(arguments: cases)
    func `a look at tailscaled has its consequences`(example: Case) {
        var control = TailnetControl(
            .init(names: [Self.name], isNeeded: example.isNeeded, direct: example.direct))
        var effects: [TailnetControl.Effect] = []
        for look in example.looks { effects = control.take(look, socket: nil, at: 1000) }
        #expect(effects.first == .learn(example.learned))
        #expect(effects.compactMap(change) == example.changes)
    }

    @Test func `other names are watched from now on, and what was said is not said again`() {
        let other = "other.tail1234.ts.net"
        var control = TailnetControl(.init(names: [Self.name], isNeeded: true, direct: [Self.name]))
        for look in [Self.running(usesTUN: false)] { _ = control.take(look, socket: nil, at: 1000) }
        control.follow(.init(names: [Self.name], isNeeded: true, direct: [Self.name]))
        let again = control.take(Self.running(usesTUN: false), socket: nil, at: 1001)
        #expect(again == [.learn([Self.name: [Self.address]])])
        control.follow(.init(names: [other, Self.name], isNeeded: true, direct: [Self.name, other]))
        let more = control.take(Self.running(usesTUN: false), socket: nil, at: 1002)
        #expect(more.compactMap(change) == ["userspace", "peer_missing"])
        control.follow(.init(names: [other], isNeeded: true, direct: []))
        #expect(control.take(Self.running(), socket: nil, at: 1003) == [.learn([:])])
    }

    @Test func `a new path is said with the time there and back and the last handshake`() throws {
        var control = TailnetControl(.init(names: [Self.name], isNeeded: true, direct: []))
        let direct = TailnetPath.direct(InternetAddress(Self.address, port: 41641))
        let relayed = Self.running(path: .derp("fra"), handshake: 990)
        _ = control.take(Self.running(path: direct), socket: nil, at: 1000)
        _ = control.take(Self.running(path: direct), socket: nil, at: 1000)
        #expect(control.take(relayed, socket: nil, at: 1000).count == 1)
        let effects = control.take(relayed, socket: nil, at: 1001)
        guard case .sayAfterPing(let news, Self.address)? = effects.last else {
            Issue.record("\(effects)")
            return
        }
        #expect(news.change == .path && news.level == .warning)
        #expect(news.lastHandshake == 990 && news.handshakeAge == 11)
        #expect(news.roundTrip == nil)
    }
}
