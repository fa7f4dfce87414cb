import TailwartCore
import Testing

@Suite struct HealthTests {
    /// `+` a good probe, `-` a bad one, `!` one that costs quota, `s` traffic that was served, `f` one failure of traffic.
    private static let stories: [(story: String, standing: Health.Standing)] = [
        ("", .unknown),
        ("f", .unknown),
        ("s", .unknown),
        ("+", .healthy),
        ("-", .unhealthy),
        ("+--", .healthy),
        ("+---", .unhealthy),
        ("+--+--", .healthy),
        ("-+", .unhealthy),
        ("-++", .healthy),
        ("-+-+", .unhealthy),
        ("+fff", .unhealthy),
        ("+ffsff", .healthy),
        ("+-ff", .unhealthy),
        ("-s", .healthy),
        ("-f", .unhealthy),
        ("!s", .unhealthy),
        ("!-s", .healthy),
        ("+!!!sss", .unhealthy),
    ]

    @Test(arguments: stories)
    func `rise two, fall three`(story: String, standing: Health.Standing) {
        var health = Health(rise: 2, fall: 3)
        for sign in story {
            let before = health.standing
            let hasChanged =
                switch sign {
                case "+": health.probed(.well, serverGreets: true)
                case "-": health.probed(.refused, serverGreets: true)
                case "!": health.probed(.headerNotTrusted, serverGreets: true)
                case "s": health.sawTraffic(successes: 1, failures: 4)
                default: health.sawTraffic(successes: 0, failures: 1)
                }
            #expect(hasChanged == (before != health.standing), "\(story) at \(sign)")
        }
        #expect(health.standing == standing, "\(story)")
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
