import Foundation
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// Whatever goes wrong with either side at any step, exactly one of the two serves. `SEED=…` replays a failure, `SEEDS=100000` runs more.
@Suite(.ownThreads) struct HandoverSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seeds: [UInt64] =
        environment["SEED"].flatMap(UInt64.init).map { [$0] }
        ?? (0..<(environment["SEEDS"].flatMap(UInt64.init) ?? 40)).map { 0x7a11 &+ $0 }
    /// More than any run without a fault has.
    private static let steps = 30

    private static let whole: UInt64 = HandoverTiming.limit + 3_000_000

    enum Kind: String, CaseIterable, Sendable {
        case killOld
        case killNew
        case stopOldShortly
        case stopOld
        case stopNewShortly
        case stopNew
        case oldStops
        case nonsenseFromOld
        case nonsenseFromNew

        /// The outcomes that there are, of whether the new one serves.
        var outcomes: Set<Bool> {
            switch self {
            case .killOld, .stopOldShortly, .oldStops: [true]
            default: [true, false]
            }
        }

        func fault(_ step: Int) -> SimulatedHandover.Fault {
            switch self {
            case .killOld: .killOld(step)
            case .killNew: .killNew(step)
            case .stopOldShortly: .stopOld(step, for: 700_000)
            case .stopOld: .stopOld(step, for: whole)
            case .stopNewShortly: .stopNew(step, for: 700_000)
            case .stopNew: .stopNew(step, for: whole)
            case .oldStops: .oldStops(step)
            case .nonsenseFromOld: .nonsense(from: .old, step)
            case .nonsenseFromNew: .nonsense(from: .new, step)
            }
        }
    }

    @Test func `where nothing goes wrong the new one serves, unless the host is too slow for both`() {
        var taken = 0
        for seed in Self.seeds {
            let handover = run(.none, seed)
            #expect(handover.oldServes != handover.newServes, "seed \(seed)")
            taken += handover.newServes ? 1 : 0
        }
        #expect(taken * 2 > Self.seeds.count)
    }

    @Test(arguments: Kind.allCases)
    func `whatever goes wrong at any step, exactly one serves`(kind: Kind) {
        var seen: Set<Bool> = []
        for seed in Self.seeds {
            for step in 0..<Self.steps {
                let handover = run(kind.fault(step), seed)
                guard !handover.diedAfterDecision else { continue }
                seen.insert(handover.newServes)
                guard handover.oldServes != handover.newServes else {
                    Issue.record(
                        "seed \(seed), step \(step): \(handover.giver.debugDescription) \(handover.taker)")
                    return
                }
                if handover.oldServes { #expect(handover.newFailed || kind == .killNew, "seed \(seed), step \(step)") }
            }
        }
        #expect(seen == kind.outcomes)
    }

    @Test func `a new one that cannot serve ends, and the old one has never stopped`() {
        for seed in Self.seeds {
            let handover = run(.newCannotPrepare, seed)
            #expect(handover.oldServes && handover.newFailed && handover.longestGap == 0, "seed \(seed)")
        }
    }

    @Test(arguments: [Kind.stopNew, .killNew])
    func `a new one that stops keeps no client waiting for long`(kind: Kind) {
        for seed in Self.seeds {
            for step in 0..<Self.steps {
                let handover = run(kind.fault(step), seed)
                guard !handover.diedAfterDecision else { continue }
                // The host's own slowness on top: see the simulation.
                #expect(handover.longestGap < HandoverTiming.patience + 300_000, "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `where too many drain still, the new one leaves it at that`() {
        let old = HandoverMessage.Party(process: 1, program: "old")
        for count in [0, HandoverTaker.oldProcesses - 1, HandoverTaker.oldProcesses] {
            var taker = HandoverTaker(now: 0)
            let older = (0..<count).map { UInt32(10 + $0) }
            _ = taker.take(.received(.welcome(old, doors: 1, older: older)), now: 0)
            #expect(
                taker.state
                    == (count < HandoverTaker.oldProcesses ? .receiving(left: 1) : .over(.failed(.crowded(count)))))
        }
    }

    private func run(_ fault: SimulatedHandover.Fault, _ seed: UInt64) -> SimulatedHandover {
        var handover = SimulatedHandover(fault: fault, seed: seed)
        handover.run()
        if let first = handover.broken.first { Issue.record("seed \(seed), \(fault): \(first)") }
        return handover
    }
}
