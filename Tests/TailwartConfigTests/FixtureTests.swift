import TailwartConfig
import TailwartCore
import Testing

struct FixtureTests {
    static let valid = Fixture.all(in: "valid")
    static let invalid = Fixture.all(in: "invalid")

    @Test func `there are fixtures of both kinds`() {
        #expect(Self.valid.count >= 12)
        #expect(Self.invalid.count >= 40)
    }

    @Test(arguments: valid) func `a valid file stands for its general form`(fixture: Fixture) throws {
        let result = try fixture.load()
        let configuration = try #require(result.configuration, "\(result.report)")
        let warnings = result.problems.map { "# \($0)\n" }.joined()
        try fixture.expect(warnings + configuration.yaml, in: "expected.yaml")
    }

    @Test(arguments: valid) func `the general form loads to the same configuration`(fixture: Fixture) throws {
        let configuration = try #require(try fixture.load().configuration)
        let again = Configuration.load(text: configuration.yaml, file: "again", environment: [:])
        #expect(again.configuration == configuration, "\(again.report)")
    }

    @Test(arguments: invalid) func `an invalid file is refused with every problem in its position`(fixture: Fixture)
        throws
    {
        let result = try fixture.load()
        #expect(result.configuration == nil)
        #expect(result.problems.contains { $0.severity == .error })
        try fixture.expect(result.report, in: "messages")
    }
}
