import Glibc
package import TailwartWire

/// What becomes of the command that `gate --watch` keeps as its child, and when its network counts as dead. Does nothing itself.
///
/// A container that shares the network of another one stays in it when that one ends: nothing is left there but loopback, and whatever
/// it serves is out of reach for good. Its end is the cure, as the restart policy starts it in the network that lives.
package struct Watch: Sendable {
    package enum Event: Sendable, Equatable {
        /// All conditions hold.
        case opened
        case signal(CInt)
        /// The command's own exit code, or 128 and the number of the signal that ended it.
        case ended(Int32)
        /// The addresses of all interfaces. Without a single one, not even loopback, the system did not tell.
        case looked([IPAddress])
        /// The addresses of this host that a connected tailscaled names; none if it is not connected, or not there.
        case tailnet([IPAddress])
    }

    package enum Effect: Sendable, Equatable {
        case start
        case pass(CInt)
        /// Asks tailscaled; the answer is ``Event/tailnet(_:)``.
        case ask
        case say(String)
        case exit(Int32)
    }

    /// Between two looks at the interfaces.
    package static let pause = Duration.seconds(1)
    /// How long nothing but loopback must have been there. Longer than an interface is away that is made anew.
    package static let isolation = Duration.seconds(5)
    /// How long tailscaled's address must have been away from the interfaces: it comes back when tailscaled is only started anew.
    package static let absence = Duration.seconds(60)
    /// Between SIGTERM and SIGKILL. Below the `stop_grace_period` of deploy/mailbox/compose.yaml.
    package static let grace = Duration.seconds(30)
    /// "Temporary failure, try again" (`EX_TEMPFAIL`, sysexits.h).
    package static let deadNetwork: Int32 = 75
    /// What is passed on. The others cannot be caught, or are for a terminal.
    package static let passedOn = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH]

    /// Between two questions to tailscaled: while it may be the answer, and while its address has yet to be seen.
    private static let urgent = Duration.seconds(5)
    private static let idle = Duration.seconds(30)

    private enum Phase: Equatable {
        case waiting
        case running
        /// SIGTERM is sent.
        case ending(killAt: UInt64)
        case killed
    }

    /// Why the network is dead.
    private enum Death: Equatable {
        case onlyLoopback
        case addressGone(IPAddress)
    }

    private let asksTailscaled: Bool
    private var phase = Phase.waiting
    private var nextLook: UInt64
    /// Of the last look, loopback left out.
    private var outside: [IPAddress] = []
    /// Of this host in the tailnet, seen on an interface.
    private var own: [IPAddress] = []
    private var isolatedSince: UInt64?
    private var goneSince: UInt64?
    private var death: Death?
    private var nextQuestion: UInt64

    /// - Parameters:
    ///   - asksTailscaled: whether `--tailscale` is a condition.
    ///   - now: microseconds on the monotonic clock.
    package init(asksTailscaled: Bool, now: UInt64) {
        self.asksTailscaled = asksTailscaled
        nextLook = now
        nextQuestion = now
    }

    /// When to look at the interfaces.
    package var deadline: UInt64 { nextLook }

    package mutating func take(_ event: Event, now: UInt64) -> [Effect] {
        switch event {
        case .opened:
            guard phase == .waiting else { return [] }
            phase = .running
            return [.start]
        case .ended(let code):
            switch phase {
            case .waiting, .running: return [.exit(code)]
            case .ending, .killed: return [.exit(Self.deadNetwork)]
            }
        case .signal(let number):
            guard phase == .waiting else { return [.pass(number)] }
            return [SIGTERM, SIGINT, SIGHUP, SIGQUIT].contains(number) ? [.exit(128 + number)] : []
        case .looked(let addresses):
            nextLook = now + Self.pause.microseconds
            return looked(addresses, now)
        case .tailnet(let addresses):
            return answered(addresses, now)
        }
    }

    private mutating func looked(_ addresses: [IPAddress], _ now: UInt64) -> [Effect] {
        switch phase {
        case .killed: return []
        case .ending(let killAt):
            guard now >= killAt else { return [] }
            phase = .killed
            return [.say("the command did not end within \(Self.grace), and is killed"), .pass(SIGKILL)]
        case .waiting, .running: break
        }
        guard !addresses.isEmpty else { return [] }
        outside = addresses.filter { !$0.isLoopback }
        isolatedSince = outside.isEmpty ? isolatedSince ?? now : nil
        let isGone = !own.isEmpty && !isOutside(own)
        goneSince = isGone ? goneSince ?? now : nil

        let before = death
        death =
            if let isolatedSince, now >= isolatedSince + Self.isolation.microseconds {
                .onlyLoopback
            } else if let goneSince, let address = own.first, now >= goneSince + Self.absence.microseconds {
                .addressGone(address)
            } else {
                nil
            }
        guard asksTailscaled else { return death == nil ? [] : end(now) }
        var effects: [Effect] = []
        if let death, before == nil {
            effects.append(.say("\(Self.cause(of: death)); waiting until tailscaled is connected elsewhere"))
            nextQuestion = now
        }
        if death != nil || own.isEmpty, now >= nextQuestion {
            nextQuestion = now + (death == nil ? Self.idle : Self.urgent).microseconds
            effects.append(.ask)
        }
        return effects
    }

    /// While the container with tailscaled is away nobody could join its network: a restart would fail, and Docker does not repeat one
    /// that has failed. So its answer is waited for.
    private mutating func answered(_ addresses: [IPAddress], _ now: UInt64) -> [Effect] {
        guard !addresses.isEmpty, phase == .waiting || phase == .running else { return [] }
        if isOutside(addresses) {
            own = addresses
            return []
        }
        return death == nil ? [] : end(now)
    }

    private mutating func end(_ now: UInt64) -> [Effect] {
        guard let death else { return [] }
        let isRunning = phase == .running
        phase = .ending(killAt: now + Self.grace.microseconds)
        return [
            .say(
                "\(Self.cause(of: death)). \(isRunning ? "The command is ended" : "This ends") with exit code "
                    + "\(Self.deadNetwork), to be started in a network that lives.\n"
                    + "If nothing starts it again, give the container a restart policy: restart: unless-stopped"),
            isRunning ? .pass(SIGTERM) : .exit(Self.deadNetwork),
        ]
    }

    private func isOutside(_ addresses: [IPAddress]) -> Bool { addresses.contains { outside.contains($0) } }

    private static func cause(of death: Death) -> String {
        switch death {
        case .onlyLoopback:
            "the network is dead: only loopback is left for \(isolation), so the container that it belongs to has ended"
        case .addressGone(let address):
            "the network is dead: tailscaled's address \(address) is gone from it for \(absence)"
        }
    }
}

extension Duration {
    fileprivate var microseconds: UInt64 { UInt64(max(0, self / .microseconds(1))) }
}
