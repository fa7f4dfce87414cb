import Foundation
import TailwartConfig
import TailwartCore
import TailwartImport
import TailwartTesting
import Testing

@Suite(.ownThreads) struct FixtureTests {
    /// For the variables of the fixtures.
    static let environment = [
        "STALWART_MAGIC_NAME": "stalwart", "TS_TAILNET": "tail1234.ts.net", "MAIL_HOST": "mail.example.net",
        "EDGE_ADDR": "192.0.2.1", "PORT": "2525", "HEADER": "v1", "DOMAIN": "example.net", "IMAPS_PORT": "10993",
    ]

    static func configuration(_ yaml: String, _ environment: [String: String] = environment) throws -> Configuration {
        let result = Configuration.load(text: yaml, file: "tailwart.yaml", environment: environment)
        return try #require(result.configuration, "\(result.problems)\n\(yaml)")
    }

    @Test func `there are fixtures of every kind`() {
        for kind in Fixture.endings.keys { #expect(Fixture.all.filter { $0.kind == kind }.count >= 6) }
    }

    @Test(arguments: Fixture.all) func `a file is what it looks like`(fixture: Fixture) throws {
        #expect(ForeignConfiguration.recognise(text: try fixture.text) == fixture.kind)
    }

    @Test(arguments: Fixture.all) func `a file becomes ours, and what is said has a position`(fixture: Fixture) throws {
        let result = try fixture.load()
        try fixture.expect(result.yaml, in: "expected.yaml")
        try fixture.expect(result.messages.map { "\($0)\n" }.joined(), in: "messages")
    }

    @Test(arguments: Fixture.all) func `what is printed loads without an error`(fixture: Fixture) throws {
        let result = try fixture.load()
        if result.isWhole { #expect(result.yaml != nil) }
        guard let yaml = result.yaml else { return }
        _ = try Self.configuration(yaml)
    }

    /// Beside the fixtures stand files that were written by hand, in the general form.
    @Test(arguments: Fixture.all.filter { $0.beside("means.yaml") != nil })
    func `what is printed means what the file means`(fixture: Fixture) throws {
        let printed = try Self.configuration(try #require(try fixture.load().yaml))
        let meant = try Self.configuration(try #require(fixture.beside("means.yaml")))
        #expect(printed.maxConnections == meant.maxConnections)
        #expect(printed.upstreams == meant.upstreams)
        #expect(printed.listeners.count == meant.listeners.count)
        for (printed, meant) in zip(printed.listeners, meant.listeners) { #expect(printed == meant) }
    }

    @Test func `enough files are compared with what they mean`() {
        for kind in Fixture.endings.keys {
            #expect(Fixture.all.filter { $0.kind == kind && $0.beside("means.yaml") != nil }.count >= 4)
        }
    }

    @Test(arguments: Fixture.all) func `every finding names a line that is there`(fixture: Fixture) throws {
        let lines = try fixture.text.split(separator: "\n", omittingEmptySubsequences: false)
        for finding in try fixture.load().findings where finding.position.file == fixture.url.lastPathComponent {
            #expect(finding.position.line <= lines.count)
            #expect(finding.position.column <= (lines[finding.position.line - 1].count + 1))
        }
    }

    @Test func `a file of which everything can be said is imported whole`() throws {
        let refused = ["terminating", "refusals"]
        for fixture in Fixture.all {
            let isRefused = refused.contains { fixture.url.lastPathComponent.hasPrefix("\($0).") }
            #expect(try fixture.load().isWhole == !isRefused, "\(fixture.testDescription)")
        }
    }
}
