import TailwartCore
import Testing

/// When each place is probed.
extension HealthWatchTests {
    /// When probes begin, in seconds, if each is answered at once.
    private func probes(
        _ subjects: [Watch.Subject], for seconds: Double, jitter: Double = 0.5, reachable: Set<String>? = nil,
        answer: (String, Double) -> Verdict
    ) -> [(at: Double, key: String, name: String?)] {
        let start = ContinuousClock.now
        var watch = Watch(
            subjects, reachable: reachable ?? Set(subjects.map(\.key)), now: start, jitter: { jitter })
        var probes: [(at: Double, key: String, name: String?)] = []
        while let due = watch.nextDue {
            let at = (due - start) / .seconds(1)
            guard at <= seconds else { break }
            var effects = watch.take(.tick, now: due, jitter: { jitter })
            while !effects.isEmpty {
                guard case .probe(let key, let name, _) = effects.removeFirst() else { continue }
                probes.append((at, key, name))
                let result = Self.result(answer(key, at))
                effects += watch.take(.probed(key, serverName: name, result), now: due, jitter: { jitter })
            }
        }
        return probes
    }

    @Test(arguments: [(0, [0, 27, 54]), (0.5, [0.5, 30.5, 60.5]), (1, [1, 34, 67])] as [(Double, [Double])])
    func `a healthy place is probed at its interval, give or take a tenth`(jitter: Double, expected: [Double]) {
        let times = probes([Self.subject()], for: 67.5, jitter: jitter) { _, _ in .well }.map(\.at)
        #expect(times.count == expected.count)
        for (time, wanted) in zip(times, expected) { #expect(abs(time - wanted) < 0.001) }
    }

    @Test func `a place that cannot be reached is probed every five seconds`() {
        #expect(probes([Self.subject()], for: 16, answer: { _, _ in .timeout }).map(\.at) == [0.5, 5.5, 10.5, 15.5])
    }

    @Test
    func
        `a place that greets before the header is listened to again and again, and a mended one is used within half a minute`()
    {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 1 })
        let free = ProbeResult(.headerNotTrusted, "Seen.")
        var (now, count, turned) = (start, 0, false)
        while let due = watch.nextDue, due < start + .seconds(3600) {
            now = due
            for case .probe(let key, let name, nil) in watch.take(.tick, now: now, jitter: { 1 }) {
                count += 1
                _ = watch.take(.probed(key, serverName: name, free), now: now, jitter: { 1 })
            }
        }
        #expect(count > 160)
        while let due = watch.nextDue, !turned {
            #expect(due < now + .seconds(23))
            for case .probe(let key, let name, nil) in watch.take(.tick, now: due, jitter: { 1 }) {
                let effects = watch.take(.probed(key, serverName: name, Self.result(.well)), now: due, jitter: { 1 })
                turned = effects.contains(Self.turned(true, .probes, isWell: true))
            }
        }
    }

    @Test
    func `what a client's connection shows brings the next probe forward, and does not disturb one that is under way`()
    {
        let start = ContinuousClock.now
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }).count == 1)
        _ = watch.take(.mistrusted("smtp", isOfOneAddress: false), now: at(1), jitter: { 0 })
        #expect(watch.take(.tick, now: at(100), jitter: { 0 }) == [.lookAtTraffic])
        _ = watch.take(Self.probed(.well), now: at(100), jitter: { 0 })
        _ = watch.take(.mistrusted("smtp", isOfOneAddress: false), now: at(101), jitter: { 0 })
        let next = watch.take(.tick, now: at(105.5), jitter: { 0 })
        #expect(next.first == .probe("smtp", serverName: nil, listensFor: nil))
    }

    @Test func `after a costly probe the next ones listen first`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }) == [.probe("smtp", serverName: nil, listensFor: nil)])
        let costly = ProbeResult(.headerNotTrusted, "Seen.", greeting: .seconds(1.5), isCostly: true)
        _ = watch.take(.probed("smtp", serverName: nil, costly), now: start, jitter: { 0 })
        let later = watch.take(.tick, now: start + .seconds(1.4), jitter: { 0 })
        #expect(later == [.probe("smtp", serverName: nil, listensFor: .seconds(3.5))])
    }

    @Test
    func `a place where clients are served is probed every five minutes, and one that stays well about as seldom`() {
        for (proto, names, served, count) in [
            (ListenerProtocol.smtp, [nil], true, 12), (.smtp, [nil], false, 28), (.https, ["a"], true, 12),
            // All names soon, and then in turn.
            (.https, ["a", "b"], true, 32),
        ] as [(ListenerProtocol, [String?], Bool, Int)] {
            let start = ContinuousClock.now
            var watch = Watch(
                [Self.subject(proto: proto, names: names)], reachable: ["smtp"], now: start, jitter: { 0.5 })
            var probes = 0
            while let due = watch.nextDue, due < start + .seconds(3600) {
                for effect in watch.take(.tick, now: due, jitter: { 0.5 }) {
                    switch effect {
                    case .probe(let key, let name, _):
                        probes += 1
                        _ = watch.take(
                            .probed(key, serverName: name, Self.result(.well)), now: due, jitter: { 0.5 })
                    case .lookAtTraffic where served: _ = watch.take(Self.traffic(1, 0), now: due, jitter: { 0.5 })
                    default: break
                    }
                }
            }
            #expect(probes == count, "\(proto) \(names.count)")
        }
    }

    @Test func `a connection that is dialled in vain brings the next probe forward`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        _ = watch.take(.tick, now: start, jitter: { 0 })
        _ = watch.take(Self.probed(.well), now: at(1), jitter: { 0 })
        _ = watch.take(Self.traffic(5, 0), now: at(2), jitter: { 0 })
        #expect(watch.take(.tick, now: at(200), jitter: { 0 }) == [.lookAtTraffic])
        _ = watch.take(Self.traffic(0, 1), now: at(201), jitter: { 0 })
        #expect(watch.take(.tick, now: at(205), jitter: { 0 }) == [.lookAtTraffic])
        #expect(
            watch.take(.tick, now: at(206), jitter: { 0 }).first
                == .probe("smtp", serverName: nil, listensFor: nil))
    }

    @Test func `a place is not probed again while a probe is under way`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }) == [.probe("smtp", serverName: nil, listensFor: nil)])
        let later = watch.take(.tick, now: start + .seconds(600), jitter: { 0 })
        #expect(later == [.lookAtTraffic])
    }

    @Test func `a name that does not resolve has ten seconds before its place is judged`() {
        let late = probes([Self.subject()], for: 12, reachable: [], answer: { _, _ in .nameUnknown })
        #expect(late.map(\.at) == [10.5])
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: [], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start + .seconds(1), jitter: { 0 }).isEmpty)
        #expect(
            watch.take(.reachable(["smtp"]), now: start + .seconds(1.5), jitter: { 0 })
                == [.probe("smtp", serverName: nil, listensFor: nil)])
    }

    @Test func `the names of a web server are asked for in turn`() {
        let web = Self.subject("web", port: 443, proto: .https, names: ["a", "b", "c"])
        #expect(probes([web], for: 91, answer: { _, _ in .well }).map(\.name) == ["a", "b", "c", "a", "b"])
        #expect(probes([web], for: 91, answer: { _, _ in .well }).map(\.at) == [0.5, 10.5, 20.5, 50.5, 80.5])
    }

    @Test func `probes that the mailbox counts are few`() {
        // At once, then a quarter of an hour, four hours, twelve hours: rounded up to the next time that it is looked.
        #expect(probes([Self.subject()], for: 86_400, answer: { _, _ in .headerNotTrusted }).count == 5)
    }

    @Test func `mending one port frees the others of its endpoint, and no more`() {
        let others = ["submission", "elsewhere"]
        let start = ContinuousClock.now
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        var watch = Watch(
            [
                Self.subject(), Self.subject("submission", port: 587, proto: .submission),
                Self.subject("elsewhere", endpoint: "b.example"),
            ], reachable: Set(["smtp"] + others), now: start, jitter: { 0.5 })
        #expect(watch.take(.tick, now: at(0.5), jitter: { 0.5 }).count == 3)
        for _ in 0...1 {
            _ = watch.take(Self.probed(.headerNotTrusted), now: at(1), jitter: { 0.5 })
            for key in others { _ = watch.take(Self.probed(.headerNotTrusted, key), now: at(60), jitter: { 0.5 }) }
        }
        #expect(
            watch.take(.tick, now: at(902), jitter: { 0.5 }) == [
                .probe("smtp", serverName: nil, listensFor: .seconds(2.5)), .lookAtTraffic,
            ])
        let effects = watch.take(Self.probed(.well), now: at(910), jitter: { 0.5 })
        #expect(effects.contains(.probe("submission", serverName: nil, listensFor: nil)))
        #expect(!effects.contains(.probe("elsewhere", serverName: nil, listensFor: nil)))
    }

    @Test func `connections that are served lift the pause`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject(proto: .https)], reachable: ["smtp"], now: start, jitter: { 0.5 })
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        _ = watch.take(.tick, now: at(0.5), jitter: { 0.5 })
        for _ in 0...1 { _ = watch.take(Self.probed(.headerNotTrusted), now: at(0.6), jitter: { 0.5 }) }
        #expect(watch.take(.tick, now: at(10), jitter: { 0.5 }) == [.lookAtTraffic])
        _ = watch.take(Self.traffic(1, 0), now: at(11), jitter: { 0.5 })
        #expect(
            watch.take(.tick, now: at(20), jitter: { 0.5 }).contains(.probe("smtp", serverName: nil, listensFor: nil)))
    }

    @Test func `traffic is looked at every two seconds, and nothing is due where nothing is watched`() throws {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: [], now: start, jitter: { 1 })
        #expect(try #require(watch.nextDue) == start + .seconds(2))
        #expect(watch.take(.tick, now: start + .seconds(2), jitter: { 1 }) == [.lookAtTraffic])
        #expect(try #require(watch.nextDue) == start + .seconds(4))
        let empty = Watch([], reachable: [], now: start, jitter: { 1 })
        #expect(empty.nextDue == nil)
    }
}
