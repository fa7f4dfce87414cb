import Foundation
import Synchronization
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// The waiting itself, with answers that a test makes up.
@Suite struct GateTests {
    /// Gives each condition its findings one after another, the last one for ever.
    private final class Script: Sendable {
        private let findings: [Condition: [Finding]]
        private let asked = Mutex<[Condition: Int]>([:])
        let limits = Mutex<[Duration]>([])
        let changes = Mutex<[GateChange]>([])

        init(_ findings: [Condition: [Finding]]) { self.findings = findings }

        func attempts(at condition: Condition) -> Int { asked.withLock { $0[condition] ?? 0 } }

        @Sendable func attempt(_ condition: Condition, _ limit: Duration) async -> Finding {
            limits.withLock { $0.append(limit) }
            let index = asked.withLock { asked in
                defer { asked[condition, default: 0] += 1 }
                return asked[condition] ?? 0
            }
            let list = findings[condition] ?? []
            return list.indices.contains(index) ? list[index] : list.last ?? .closed
        }

        func run(timeout: Duration = .seconds(60), isOnce: Bool = false) async -> GateResult {
            // A stable order, so that a failure reads the same each time.
            let conditions = findings.keys.sorted { "\($0)" < "\($1)" }
            // On a machine that is busy what was ready must not grow old, and be counted once more.
            let gate = Gate(
                conditions, timeout: timeout, isOnce: isOnce, freshness: .seconds(3600), attempt: attempt)
            return await gate.run { change in self.changes.withLock { $0.append(change) } }
        }

        func texts(of condition: Condition) -> [String] {
            changes.withLock { $0.filter { $0.condition == condition }.map(\.text) }
        }
    }

    private static let first = Condition.peer("first")
    private static let second = Condition.peer("second")
    private static let away = Finding.waiting("offline", "is offline", fix: "start it")

    @Test func `it waits for each and says each change once`() async {
        let script = Script([
            Self.first: [.ready("is online")],
            Self.second: [Self.away, Self.away, .closed, .closed, .ready("is online")],
        ])
        let result = await script.run()
        #expect(result.isReady)
        #expect(result.text.isEmpty)
        #expect(script.texts(of: Self.first) == ["peer first: ready: is online"])
        #expect(
            script.texts(of: Self.second) == [
                "peer second: is offline, waiting", "peer second: the connection was closed without an answer, waiting",
                "peer second: ready: is online",
            ])
        #expect(script.attempts(at: Self.first) == 1)
        #expect(script.attempts(at: Self.second) == 5)
    }

    @Test func `when the time is over it names what is missing and what to do`() async {
        let script = Script([Self.first: [.ready("is online")], Self.second: [Self.away]])
        let result = await script.run(timeout: .milliseconds(300))
        #expect(!result.isReady)
        #expect(result.text == "not ready: peer second: is offline. Start it.")
        #expect(script.limits.withLock { $0 }.allSatisfy { $0 >= .zero && $0 <= .milliseconds(300) })
    }

    @Test func `a health check tries once and does not say that it waits`() async {
        let script = Script([Self.first: [.ready("is online")], Self.second: [Self.away, .ready("is online")]])
        let result = await script.run(timeout: .seconds(5), isOnce: true)
        #expect(!result.isReady)
        #expect(script.attempts(at: Self.first) == 1 && script.attempts(at: Self.second) == 1)
        #expect(script.texts(of: Self.second) == ["peer second: is offline"])
        #expect(script.limits.withLock { $0 } == [.seconds(5), .seconds(5)])
    }

    @Test func `an attempt gets no more than its share`() async {
        let script = Script([Self.first: [.ready("is online")]])
        _ = await script.run(timeout: .seconds(600))
        #expect(script.limits.withLock { $0 } == [Gate.attemptLimit])
    }

    @Test func `what was ready long ago is looked at again before the gate opens`() async {
        // Ready, and gone again by the time that the other is ready.
        let script = Script([Self.first: [.ready("is online"), Self.away, .ready("is online")]])
        let slow = Condition.peer("slow")
        let asked = Atomic<Bool>(false)
        let freshness = Duration.milliseconds(50)
        let gate = Gate([Self.first, slow], timeout: .seconds(60), freshness: freshness) { condition, limit in
            guard condition == slow else { return await script.attempt(condition, limit) }
            if !asked.exchange(true, ordering: .relaxed) { try? await Task.sleep(for: freshness * 1.2) }
            return .ready("is online")
        }
        let result = await gate.run { change in script.changes.withLock { $0.append(change) } }
        #expect(result.isReady)
        #expect(script.attempts(at: Self.first) >= 3)
        #expect(
            script.texts(of: Self.first) == [
                "peer first: ready: is online", "peer first: is offline, waiting", "peer first: ready: is online",
            ])
    }

    @Test func `what asking does harm to is left alone for a while`() async {
        let finding = Finding.waiting("header_not_trusted", "no", pause: .seconds(60))
        let script = Script([Self.first: [finding]])
        let result = await script.run(timeout: .milliseconds(700))
        #expect(!result.isReady)
        #expect(script.attempts(at: Self.first) == 1)
    }

    @Test func `a script can read the answer, which has the same keys where nothing could be asked`() async throws {
        let script = Script([.tailscale: [.ready("has \"1\"\n")], Self.second: [Self.away]])
        let json = await script.run(isOnce: true).answer.json
        #expect(!json.description.contains("\n"))
        #expect(json["ok"]?.flag == false && json["problems"]?.list == [])
        #expect(json["elapsed_ms"]?.integer.map { $0 >= 0 } == true)
        #expect(
            json["findings"]?.list?.sorted { ($0["check"]?.text ?? "") > ($1["check"]?.text ?? "") } == [
                [
                    "check": "tailscale", "subject": .null, "result": "pass", "state": "ready", "detail": "has \"1\"\n",
                    "fix": .null,
                ],
                [
                    "check": "peer", "subject": "second", "result": "fail", "state": "offline", "detail": "is offline",
                    "fix": "start it",
                ],
            ])
        let failure = GateResult.answer(problems: [CommandAnswer.Problem(.error, "no authorities")]).json
        #expect(failure.members?.map(\.key) == json.members?.map(\.key))
        #expect(failure["ok"]?.flag == false && failure["findings"]?.list == [])
        #expect(failure["problems"]?.list?.first?["message"]?.text == "no authorities")
    }

    @Test func `attempts become rarer, to a limit, and not all at once`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var backoff = Backoff()
        let pauses = (0..<50).map { _ in backoff.next(using: &random) }
        print("seed \(seed)")
        #expect(pauses[0] <= Backoff.first * 1.2)
        #expect(pauses.allSatisfy { $0 >= Backoff.first * 0.8 && $0 <= Backoff.longest * 1.2 })
        #expect(pauses[2] > pauses[0])
        #expect(pauses.suffix(40).allSatisfy { $0 >= Backoff.longest * 0.8 })
        #expect(Set(pauses.suffix(40)).count > 1)
    }

    @Test(arguments: [(Duration.seconds(60), 28...46), (.seconds(3), 4...8), (.milliseconds(300), 2...4)])
    func `attempts do not become more when the time runs out`(time: Duration, expected: ClosedRange<Int>) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        print("seed \(seed)")
        for _ in 0..<100 {
            var backoff = Backoff()
            var left = time
            var moments: [Duration] = []
            while let pause = backoff.next(before: left, using: &random) {
                left -= pause
                moments.append(left)
            }
            #expect(expected.contains(moments.count))
            #expect(moments.last.map { $0 > .zero && $0 <= Backoff.longest * 1.2 } == true, "one is near the end")
            #expect(moments.count { $0 <= .seconds(2.5) } <= (time > .seconds(3) ? 3 : 8))
        }
    }

    @Test func `an attempt that does harm is not made sooner because the time runs out`() {
        var random = SeededRandom(seed: 1)
        var backoff = Backoff()
        #expect(backoff.next(before: .seconds(20), atLeast: .seconds(15), using: &random) == .seconds(15))
        #expect(backoff.next(before: .seconds(5), atLeast: .seconds(15), using: &random) == nil)
    }

    @Test(
        arguments: [
            ("90s", .seconds(90)), ("7d", .seconds(604_800)), ("8d", nil), ("0s", nil), ("90", nil), ("", nil),
        ] as [(String, Duration?)])
    func `how long to wait is a duration of at most a week`(text: String, expected: Duration?) {
        #expect((try? Gate.timeout(text)) == expected)
    }
}
