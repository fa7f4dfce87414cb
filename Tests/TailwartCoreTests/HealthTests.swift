import TailwartCore
import Testing

@Suite struct HealthTests {
    /// `+` a good probe, `-` one that cannot reach the place, `~` one that finds a fault in what it reaches, `!` one that sees the header
    /// taken for commands, `s` traffic that was served, `f` one failure of traffic.
    private static let stories: [(story: String, standing: Health.Standing)] = [
        ("", .unknown),
        ("f", .unknown),
        ("fff", .unknown),
        ("s", .unknown),
        ("+", .healthy),
        // The first bad probe alone decides nothing; with a connection that was dialled in vain it does.
        ("-", .unknown), ("--", .unknown), ("---", .unhealthy),
        ("-f", .unhealthy), ("f-", .unhealthy), ("fs-", .unknown), ("-sf", .unknown), ("--s--", .unknown),
        ("-+", .healthy),
        ("+--", .healthy),
        ("+---", .unhealthy),
        ("+--+--", .healthy),
        ("---+", .unhealthy),
        ("---++", .healthy),
        ("---+-+", .unhealthy),
        ("+fff", .unhealthy),
        ("+ffsff", .healthy),
        ("+-ff", .unhealthy),
        ("+--s--s--", .healthy),
        ("---s", .healthy),
        ("---f", .unhealthy),
        // What can be reached is never off.
        ("~", .healthy), ("~~~~~", .healthy), ("+~~~~~", .healthy), ("--~--", .healthy), ("---~~", .healthy),
        // But for a header that is taken for commands: one probe is enough, both ways.
        ("!", .unhealthy), ("+!", .unhealthy), ("!s", .unhealthy), ("+!sss", .unhealthy), ("!+", .healthy),
        ("!~", .healthy),
        ("!---+", .healthy), ("!-s", .healthy), ("---!+", .healthy), ("!+---+", .unhealthy),
    ]

    private func tell(_ health: inout Health, _ sign: Character) -> Bool {
        switch sign {
        case "+": health.probed(.well, serverGreets: true)
        case "-": health.probed(.refused, serverGreets: true)
        case "~": health.probed(.busy, serverGreets: true)
        case "!": health.probed(.headerNotTrusted, serverGreets: true)
        case "s": health.sawTraffic(successes: 1, failures: 4)
        default: health.sawTraffic(successes: 0, failures: 1)
        }
    }

    @Test(arguments: stories)
    func `rise two, fall three`(story: String, standing: Health.Standing) {
        var health = Health(rise: 2, fall: 3)
        for sign in story {
            let before = health.standing
            let hasChanged = tell(&health, sign)
            #expect(hasChanged == (before != health.standing), "\(story) at \(sign)")
        }
        #expect(health.standing == standing, "\(story)")
    }

    @Test(
        arguments: [
            ("~~~", .unhealthy), ("+~~", .healthy), ("+~~~", .unhealthy), ("~f", .unhealthy), ("~~~s", .unhealthy),
            ("~~~++", .healthy),
        ] as [(String, Health.Standing)])
    func `where all counts, so does what a server says`(story: String, standing: Health.Standing) {
        var health = Health(affects: .all, rise: 2, fall: 3)
        for sign in story { _ = tell(&health, sign) }
        #expect(health.standing == standing)
    }

    @Test(arguments: ["---", "!!!", "+fff", "---fff", "~~~"])
    func `where nothing counts, no place is off`(story: String) {
        var health = Health(affects: .nothing, rise: 1, fall: 1)
        for sign in story { _ = tell(&health, sign) }
        #expect(health.standing == .healthy)
    }

    @Test func `many failures in one look count as many`() {
        var health = Health(rise: 2, fall: 3)
        _ = health.probed(.well, serverGreets: true)
        let hasChanged = health.sawTraffic(successes: 0, failures: 100)
        #expect(hasChanged)
        #expect(health.standing == .unhealthy)
    }

    @Test func `a bad certificate does not keep mail out`() {
        var health = Health(rise: 1, fall: 1)
        _ = health.probed(.certificateExpired, serverGreets: false)
        #expect(health.standing == .healthy)
    }

    @Test func `where the client speaks first, a served client disproves any probe`() {
        var health = Health(rise: 2, fall: 3)
        _ = health.probed(.headerNotTrusted, serverGreets: false)
        let hasChanged = health.sawTraffic(successes: 1, failures: 0)
        #expect(hasChanged)
        #expect(health.standing == .healthy)
    }
}
