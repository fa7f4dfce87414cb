import TailwartCore
import Testing

@Suite struct EdgeLifeTests {
    private static let second: UInt64 = 1_000_000

    struct Step: Sendable {
        let event: EdgeLife.Event
        var live = 2
        /// Seconds.
        var at: UInt64 = 0
        var effects: [EdgeLife.Effect] = []
    }

    struct Life: Sendable, CustomTestStringConvertible {
        let name: String
        var drain = Duration.seconds(10)
        var limit: Duration?
        let steps: [Step]
        let end: EdgeLife

        var testDescription: String { name }
    }

    private static func draining(_ cause: EdgeEvent.StopCause, _ live: Int, _ limit: Duration) -> [EdgeLife.Effect] {
        [.say(.draining(cause, live: live, limit: limit)), .drain]
    }

    private static let lives: [Life] = [
        Life(
            name: "a signal, and the last connection ends",
            steps: [
                Step(event: .started), Step(event: .tick, at: 5000),
                Step(event: .signal(.terminated), at: 6000, effects: draining(.terminated, 2, .seconds(10))),
                Step(event: .tick, at: 6001), Step(event: .idle, live: 1, at: 6002),
                Step(event: .idle, live: 0, at: 6003, effects: [.stop]),
                Step(event: .ended(accepted: 7), live: 0, at: 6003, effects: [.say(.stopped(accepted: 7))]),
            ], end: .stopped),
        Life(
            name: "no connection is open when the signal comes",
            steps: [
                Step(event: .started, live: 0),
                Step(event: .signal(.interrupted), live: 0, effects: draining(.interrupted, 0, .seconds(10))),
                Step(event: .idle, live: 0, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "a connection that does not end",
            steps: [
                Step(event: .started),
                Step(event: .signal(.terminated), at: 1, effects: draining(.terminated, 2, .seconds(10))),
                Step(event: .tick, at: 10), Step(event: .tick, at: 11, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "an order to drain, in its own time, which changes nothing the second time",
            steps: [
                Step(event: .started),
                Step(event: .drainWanted(limit: .seconds(1)), effects: draining(.asked, 2, .seconds(1))),
                Step(event: .drainWanted(limit: nil)), Step(event: .idle, live: 0, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "an order to drain for as long as the file says",
            steps: [
                Step(event: .started),
                Step(event: .drainWanted(limit: nil), effects: draining(.asked, 2, .seconds(10))),
                Step(event: .signal(.terminated), effects: [.say(.cutShort(.terminated, live: 2)), .stop]),
            ], end: .stopping),
        Life(
            name: "another process takes over, and the first signal after that cuts nobody off",
            steps: [
                Step(event: .started),
                Step(event: .takenOver, effects: draining(.takenOver, 2, .seconds(10))),
                Step(event: .signal(.terminated), live: 1, at: 1), Step(event: .idle, live: 1, at: 2),
                Step(
                    event: .signal(.terminated), live: 1, at: 3,
                    effects: [.say(.cutShort(.terminated, live: 1)), .stop]),
            ], end: .stopping),
        Life(
            name: "another process takes over, and the last connection ends",
            steps: [
                Step(event: .started), Step(event: .takenOver, effects: draining(.takenOver, 2, .seconds(10))),
                Step(event: .tick, at: 9), Step(event: .idle, live: 0, at: 9, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "a second signal",
            steps: [
                Step(event: .started),
                Step(event: .signal(.terminated), effects: draining(.terminated, 2, .seconds(10))),
                Step(event: .signal(.interrupted), live: 1, effects: [.say(.cutShort(.interrupted, live: 1)), .stop]),
                Step(event: .signal(.interrupted), live: 1),
                Step(event: .ended(accepted: 3), live: 0, effects: [.say(.stopped(accepted: 3))]),
            ], end: .stopped),
        Life(
            name: "time is up, and nothing may finish", drain: .zero, limit: .seconds(3),
            steps: [
                Step(event: .started, at: 1), Step(event: .tick, at: 3),
                Step(event: .tick, at: 4, effects: draining(.timeIsUp, 2, .zero)),
                Step(event: .tick, at: 4, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "signals that mean nothing, in every state",
            steps: [
                Step(event: .otherSignal(.user1), effects: [.say(.signalIgnored(.user1))]),
                Step(event: .started),
                Step(event: .otherSignal(.user1), effects: [.say(.signalIgnored(.user1))]),
                Step(event: .signal(.terminated), effects: draining(.terminated, 2, .seconds(10))),
                Step(event: .otherSignal(.user2), live: 0, effects: [.say(.signalIgnored(.user2))]),
                Step(event: .idle, live: 0, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "a signal that asks for a reload, in every state", limit: .seconds(3),
            steps: [
                Step(event: .started), Step(event: .reloadSignal, at: 1, effects: [.reload]),
                // What is due is done at the tick that follows at once.
                Step(event: .reloadSignal, at: 5, effects: [.reload]),
                Step(event: .tick, at: 5, effects: draining(.timeIsUp, 2, .seconds(10))),
                Step(event: .reloadSignal, at: 6, effects: [.reload]),
                Step(event: .idle, live: 0, at: 7, effects: [.stop]),
            ], end: .stopping),
        Life(
            name: "a signal before time is up", limit: .seconds(3),
            steps: [
                Step(event: .started),
                Step(event: .signal(.interrupted), at: 1, effects: draining(.interrupted, 2, .seconds(10))),
                Step(event: .tick, at: 5),
            ], end: .draining(until: 11 * second)),
    ]

    @Test(arguments: lives)
    func `an edge lives as its events say`(life: Life) {
        var state = EdgeLife.starting(limit: life.limit)
        for (number, step) in life.steps.enumerated() {
            let effects = state.take(
                step.event, live: step.live, drain: life.drain, now: step.at * Self.second)
            #expect(effects == step.effects, "step \(number)")
        }
        #expect(state == life.end)
    }

    @Test func `it asks to be woken when something is due, and only then`() {
        var life = EdgeLife.starting(limit: nil)
        #expect(life.deadline == nil)
        _ = life.take(.started, live: 0, drain: .seconds(10), now: 0)
        #expect(life.deadline == nil)
        _ = life.take(.signal(.terminated), live: 1, drain: .seconds(10), now: 5)
        #expect(life.deadline == 10 * Self.second + 5)
        _ = life.take(.idle, live: 0, drain: .seconds(10), now: 6)
        #expect(life.deadline == nil)
    }
}
