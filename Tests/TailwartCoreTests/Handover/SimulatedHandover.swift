import TailwartCore
import TailwartTesting
import TailwartWire

/// Both sides of a handover, what is on its way between them, their workers, and what goes wrong, in an order that the seed gives.
struct SimulatedHandover {
    enum Side: CaseIterable {
        case old
        case new

        var other: Side { self == .old ? .new : .old }
    }

    enum Fault: Sendable, Equatable {
        case none
        /// `kill -9` before this step.
        case killOld(Int)
        case killNew(Int)
        /// `kill -STOP` before this step, and `-CONT` after so many microseconds.
        case stopOld(Int, for: UInt64)
        case stopNew(Int, for: UInt64)
        case newCannotPrepare
        /// An old process that is told to stop before this step.
        case oldStops(Int)
        /// Some message of this side is replaced by another one.
        case nonsense(from: Side, Int)
    }

    private struct Process {
        var isDead = false
        var hasEnded = false
        var stoppedUntil: UInt64 = 0
        var holdsSockets = false
        var watches = false
        /// From the other side.
        var inbox: [HandoverMessage?] = []
        /// The other side's end is read behind all that it sent.
        var sees: Bool = false
    }

    private(set) var now: UInt64 = 0
    private(set) var steps = 0
    /// What broke a rule on the way.
    private(set) var broken: [String] = []
    /// The longest time in which no worker of either watched, in microseconds.
    private(set) var longestGap: UInt64 = 0
    private var gapSince: UInt64?

    private var old = Process()
    private var new = Process()
    private(set) var giver: HandoverGiver?
    private(set) var taker = HandoverTaker(now: 0)
    private var baton = true
    private var oldWorkers: HandoverGiver.Event?
    private var newControl: HandoverTaker.Event?
    private var random: SeededRandom
    private let fault: Fault
    private let doors: Int

    init(fault: Fault, seed: UInt64) {
        self.fault = fault
        random = SeededRandom(seed: seed)
        doors = random.oneIn(10) ? 0 : Int.random(in: 1...600, using: &random)
        old.holdsSockets = true
        old.watches = true
        old.inbox = [.hello(.init(process: 2, program: "new"))]
    }

    // MARK: - what came of it

    /// Both know how it ended, or are dead.
    private var isOver: Bool {
        let oldIsOver = old.isDead || old.hasEnded || (giver.map(\.isOver) ?? (new.hasEnded || new.isDead))
        let newIsOver = new.isDead || new.hasEnded || taker.isOver
        return oldIsOver && newIsOver && oldWorkers == nil && newControl == nil
    }

    private func serves(_ process: Process) -> Bool {
        !process.isDead && !process.hasEnded && process.watches && process.holdsSockets
    }

    var oldServes: Bool { serves(old) }
    var newServes: Bool { serves(new) }
    var newFailed: Bool { if case .over(.failed) = taker.state { true } else { false } }

    /// The process that a fault hit had decided the handover before: it is a server that died.
    private(set) var diedAfterDecision = false

    mutating func run() {
        while !isOver {
            guard steps < 5000 else {
                broken.append("it does not end")
                return
            }
            strike()
            noteGap()
            var enabled: [(inout SimulatedHandover) -> Void] = []
            if runs(old) {
                if !old.inbox.isEmpty || old.sees { enabled.append { $0.oldReads() } }
                if let answer = oldWorkers {
                    enabled.append {
                        $0.oldWorkers = nil; $0.giverTakes(answer)
                    }
                }
                if let tick = giver?.nextTick, now >= tick { enabled.append { $0.giverTakes(.tick) } }
            }
            if runs(new) {
                if !new.inbox.isEmpty || new.sees { enabled.append { $0.newReads() } }
                if let answer = newControl {
                    enabled.append {
                        $0.newControl = nil; $0.takerTakes(answer)
                    }
                }
                if let tick = taker.nextTick, now >= tick { enabled.append { $0.takerTakes(.tick) } }
            }
            steps += 1
            if let step = enabled.randomElement(using: &random), !random.oneIn(20) {
                step(&self)
                now += UInt64.random(in: 0...2000, using: &random)
            } else {
                // Nothing happens for a while; a busy host.
                now += UInt64.random(in: 1...(enabled.isEmpty ? 200_000 : 20_000), using: &random)
            }
            if giver != nil, doors > 0, !old.holdsSockets, !new.holdsSockets, !diedAfterDecision {
                broken.append("nobody has the sockets")
            }
        }
        noteGap()
    }

    private func runs(_ process: Process) -> Bool {
        !process.isDead && !process.hasEnded && now >= process.stoppedUntil
    }

    private mutating func noteGap() {
        guard !oldServes, !newServes else {
            gapSince = nil
            return
        }
        gapSince = gapSince ?? now
        longestGap = max(longestGap, now - (gapSince ?? now))
    }

    // MARK: - what goes wrong

    private mutating func strike() {
        switch fault {
        case .killOld(steps): die(.old)
        case .killNew(steps): die(.new)
        case .stopOld(steps, let time): old.stoppedUntil = now + time
        case .stopNew(steps, let time): new.stoppedUntil = now + time
        case .oldStops(steps):
            guard let giver else { break }
            // It is told to end after it has decided to go on: nobody is to serve then.
            diedAfterDecision = giver.isOver && oldServes
            if !giver.isOver { giverTakes(.stopping) }
        default: break
        }
    }

    private mutating func die(_ side: Side) {
        switch side {
        case .old:
            // As in the model: before the new one has a socket it starts alone, after the refusal the old one is the server.
            let refused = new.inbox.contains { if case .abort? = $0 { true } else { false } } || newFailed
            diedAfterDecision = refused || new.hasEnded
            oldWorkers = nil
            old.isDead = true
            old.holdsSockets = false
            new.sees = true
        case .new:
            diedAfterDecision = old.inbox.contains(.taken) || giver?.state == .over(.given)
            newControl = nil
            new.isDead = true
            new.holdsSockets = false
            old.sees = true
        }
    }

    // MARK: - the old process

    private mutating func oldReads() {
        guard !old.inbox.isEmpty else {
            old.sees = false
            return giverTakes(.peerEnded)
        }
        let message = old.inbox.removeFirst()
        guard giver != nil else { return oldBegins(message) }
        giverTakes(message.map { .received($0) } ?? .receivedOther)
    }

    private mutating func oldBegins(_ message: HandoverMessage?) {
        guard case .hello(let party) = message,
            case .success(let begun) = HandoverGiver.begin(party, isFree: true, isStopping: false, now: now)
        else { return }
        giver = begun
        // What is on its way is the receiver's already.
        new.holdsSockets = doors > 0 && !new.isDead && !new.hasEnded
        send(.welcome(.init(process: 1, program: "old"), doors: UInt16(doors), older: []), from: .old)
        var left = doors
        while left > 0 {
            let count = min(left, HandoverMessage.doorsInMessage)
            send(.doors((0..<count).map { .init(.any(port: UInt16($0)), ordinal: 0) }), from: .old)
            left -= count
        }
    }

    private mutating func giverTakes(_ event: HandoverGiver.Event) {
        for effect in giver?.take(event, now: now) ?? [] {
            switch effect {
            case .send(let message): send(message, from: .old)
            case .takeBaton:
                let wasThere = baton
                baton = false
                giverTakes(.baton(wasThere))
            case .letGo:
                old.watches = false
                oldWorkers = .letGo
            case .watch:
                old.watches = true
                if !old.holdsSockets { broken.append("the old one watches what it has not") }
            case .give:
                old.holdsSockets = false
                old.watches = false
            }
        }
        if let giver, giver.isOver {
            // The connection is closed.
            new.sees = true
            if giver.state == .over(.kept(.stopping)) {
                old.watches = false
                old.holdsSockets = false
                old.hasEnded = true
                oldWorkers = nil
            }
        }
    }

    // MARK: - the new process

    private mutating func newReads() {
        guard !new.inbox.isEmpty else {
            new.sees = false
            return takerTakes(.peerEnded)
        }
        let message = new.inbox.removeFirst()
        takerTakes(message.map { .received($0) } ?? .receivedOther)
    }

    private mutating func takerTakes(_ event: HandoverTaker.Event) {
        for effect in taker.take(event, now: now) {
            switch effect {
            case .send(let message): send(message, from: .new)
            case .takeBaton:
                let wasThere = baton
                baton = false
                takerTakes(.baton(wasThere))
            case .prepare:
                // What did not come can be opened only where the old one has gone.
                let can = fault != .newCannotPrepare && (new.holdsSockets || doors == 0 || !old.holdsSockets)
                new.holdsSockets = new.holdsSockets || can
                newControl = can ? .prepared : .notPrepared("port 25 is taken")
            case .watch:
                new.watches = true
                newControl = .watching
            case .look: if !new.watches { broken.append("the new one looks and does not watch") }
            case .settle: if old.watches, runs(old) { broken.append("settled while the old one accepts") }
            }
        }
        guard case .over(let outcome) = taker.state else { return }
        old.sees = true
        guard outcome != .serves else { return }
        new.hasEnded = true
        new.holdsSockets = false
        newControl = nil
    }

    private mutating func send(_ message: HandoverMessage, from side: Side) {
        var sent: HandoverMessage? = message
        // Who serves says so: else its end would be taken for its death.
        if case .nonsense(side, steps) = fault, message != .taken { sent = random.oneIn(2) ? nil : .ready }
        switch side {
        case .old: if !new.isDead, !new.hasEnded { new.inbox.append(sent) }
        case .new: if !old.isDead, !old.hasEnded { old.inbox.append(sent) }
        }
    }
}

extension HandoverGiver {
    var isOver: Bool { if case .over = state { true } else { false } }
}

extension HandoverTaker {
    var isOver: Bool { if case .over = state { true } else { false } }
}
