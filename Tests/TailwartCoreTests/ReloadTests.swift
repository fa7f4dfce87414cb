import TailwartCore
import TailwartWire
import Testing

@Suite struct ReloadTests {
    private static let old = Configuration(
        workers: 4, upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name("a.example"))])])

    private static func changed(_ change: (inout Configuration) -> Void) -> Configuration {
        var configuration = old
        change(&configuration)
        return configuration
    }

    private static let drained = changed { $0.drain = .seconds(1) }
    private static let renamed = changed { $0.upstreams[0].endpoints = [Endpoint(.name("b.example"))] }
    private static let problem = CommandAnswer.Problem(.error, "no")
    private static let tooLate = CommandAnswer.Problem(
        .error, "the edge is draining: what it serves does not change any more",
        fix: "Start it with the changed file.")

    struct Step: Sendable {
        let event: Reload.Event
        /// Seconds.
        var at: UInt64 = 0
        let effects: [String]

        init(_ event: Reload.Event, at: UInt64 = 0, _ effects: String...) {
            (self.event, self.at, self.effects) = (event, at, effects)
        }
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        /// What is served in the end.
        let configuration: Configuration
        let generation: Int

        init(_ name: String, serves configuration: Configuration = old, generation: Int = 1, _ steps: Step...) {
            testDescription = name
            (self.configuration, self.generation, self.steps) = (configuration, generation, steps)
        }
    }

    private static func read(_ configuration: Configuration) -> Reload.Event {
        .read(.good(configuration, warnings: []))
    }

    private static let bound = Reload.Event.opened(problems: [])

    private static let stories: [Story] = [
        Story(
            "a change is bound first, then served", serves: drained, generation: 2,
            Step(.wanted, "read"), Step(read(drained), "open"),
            Step(bound, "apply", "answer: drain: 30s → 1s")),
        Story("nothing has changed", Step(.wanted, "read"), Step(read(old), "answer: ")),
        Story(
            "another order is served, and nothing is said of it", serves: changed { $0.upstreams += webs.reversed() },
            generation: 3,
            Step(.wanted, "read"), Step(read(changed { $0.upstreams += webs }), "open"),
            Step(bound, "apply", "answer: upstream a: new, at 127.0.0.1; upstream b: new, at 127.0.0.1"),
            Step(.wanted, "read"), Step(read(changed { $0.upstreams += webs.reversed() }), "open"),
            Step(bound, "apply", "answer: ")),
        Story(
            "what needs a restart alone changes nothing",
            Step(.wanted, "read"),
            Step(read(changed { $0.workers = 8 }), "answer: workers: 4 → 8 needs a restart; until then it is 4"),
            Step(.wanted, "read"),
            Step(read(changed { $0.workers = 8 }), "answer: workers: 4 → 8 needs a restart; until then it is 4")),
        Story("a bad file", Step(.wanted, "read"), Step(.read(.bad([problem])), "refused: error: no")),
        Story(
            "an address that cannot be bound", Step(.wanted, "read"), Step(read(drained), "open"),
            Step(.opened(problems: [problem]), "give back", "refused: error: no"),
            Step(.wanted, "read")),
        Story(
            "a new name is looked up before it is dialled", serves: renamed, generation: 2,
            Step(.wanted, "read"), Step(read(renamed), "open"), Step(bound, "look up b.example"), Step(.tick, at: 2),
            Step(.named, at: 2, "apply", renamedAnswer)),
        Story(
            "a name that nobody knows is waited for, and not for ever", serves: renamed, generation: 2,
            Step(.wanted, "read"), Step(read(renamed), "open"), Step(bound, at: 1, "look up b.example"),
            Step(.tick, at: 3), Step(.tick, at: 4, "apply", renamedAnswer)),
        Story(
            "whoever asks meanwhile gets one more reload", serves: drained, generation: 2,
            Step(.wanted, "read"), Step(.wanted), Step(read(drained), "open"), Step(.wanted),
            Step(bound, "apply", "answer: drain: 30s → 1s", "read"), Step(.wanted),
            Step(read(drained), "answer: ", "read"), Step(.read(.bad([problem])), "refused: error: no"), Step(.tick)),
        Story(
            "who drains does not reload", Step(.closing), Step(.wanted, "refused: \(tooLate.sentence)"),
            Step(.tick)),
        Story(
            "draining while the file is read", Step(.wanted, "read"), Step(.closing),
            Step(read(drained), "refused: \(tooLate.sentence)")),
        Story(
            "draining while addresses are bound", Step(.wanted, "read"), Step(read(drained), "open"), Step(.closing),
            Step(bound, "give back", "refused: \(tooLate.sentence)")),
        Story(
            "draining while names are looked up", Step(.wanted, "read"), Step(read(renamed), "open"),
            Step(bound, "look up b.example"), Step(.closing, "give back", "refused: \(tooLate.sentence)"),
            Step(.named), Step(.tick, at: 9)),
    ]

    private static let webs = ["a", "b"].map { Upstream(name: $0, endpoints: [Endpoint(.address(.loopbackV4))]) }
    private static let renamedAnswer =
        "answer: upstream mailbox: endpoint b.example is new; upstream mailbox: endpoint a.example is gone"

    private func name(_ effect: Reload.Effect) -> String {
        switch effect {
        case .read: "read"
        case .open: "open"
        case .lookUp(let names): "look up \(names.joined(separator: ", "))"
        case .giveBack: "give back"
        case .apply: "apply"
        case .answer(.reloaded(let difference, _)): "answer: \(difference.sentences.joined(separator: "; "))"
        case .answer(.refused(let problems)): "refused: \(problems.map(\.sentence).joined(separator: "; "))"
        }
    }

    @Test(arguments: stories)
    func `a reload goes its steps in order, and nothing changes before the last`(story: Story) {
        var reload = Reload(Self.old)
        for (number, step) in story.steps.enumerated() {
            let before = reload.configuration
            let effects = reload.take(step.event, now: step.at * 1_000_000).map(name)
            #expect(effects == step.effects, "step \(number)")
            #expect(effects.contains("apply") || reload.configuration == before, "step \(number)")
        }
        #expect(reload.configuration == story.configuration)
        #expect(reload.generation == story.generation)
    }

    @Test func `warnings of a good file come with the answer`() {
        var reload = Reload(Self.old)
        let warning = CommandAnswer.Problem(.warning, "hm")
        _ = reload.take(.wanted, now: 0)
        let effects = reload.take(.read(.good(Self.old, warnings: [warning])), now: 0)
        #expect(
            effects == [.answer(.reloaded(ConfigurationDifference(from: Self.old, to: Self.old), warnings: [warning]))])
    }

    @Test func `a script gets the changes, or why there are none`() {
        let difference = ConfigurationDifference(from: Self.old, to: Self.drained)
        let answer = ReloadOutcome.reloaded(difference, warnings: []).answer.json
        #expect(answer["ok"] == true)
        #expect(answer["changes"]?.list?.map { $0["setting"] } == ["drain"])
        let refused = ReloadOutcome.refused([Self.problem]).answer.json
        #expect(refused["ok"] == false)
        #expect(refused["changes"] == [])
        #expect(refused["problems"]?.list?.map { $0["message"] } == ["no"])
    }

    @Test func `it asks to be woken while names are looked up, and only then`() {
        var reload = Reload(Self.old)
        for event in [.wanted, Self.read(Self.renamed)] { _ = reload.take(event, now: 5) }
        #expect(reload.deadline == nil)
        _ = reload.take(Self.bound, now: 5)
        #expect(reload.deadline == 5 + Reload.nameLimit)
        _ = reload.take(.named, now: 6)
        #expect(reload.deadline == nil)
    }
}
