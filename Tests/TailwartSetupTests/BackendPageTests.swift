import Foundation
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

/// docs/backends.md shows what the program prints.
struct BackendPageTests {
    static let page = Golden.folder.appending(path: "../../../docs/backends.md").standardized

    struct Sample: CustomTestStringConvertible, Sendable {
        let server: MailServer
        let section: String
        let edges: [String]

        init(_ server: MailServer, _ section: String, edges: [String] = ["100.64.0.5", "fd7a:115c:a1e0::5"]) {
            self.server = server
            self.section = section
            self.edges = edges
        }

        var testDescription: String { server.rawValue }
    }

    static let samples = [
        Sample(.stalwart, "Stalwart"), Sample(.postfix, "Postfix and Dovecot"), Sample(.dovecot, "Postfix and Dovecot"),
        Sample(.exim, "Exim"), Sample(.opensmtpd, "OpenSMTPD"), Sample(.chasquid, "chasquid"),
        Sample(.nginx, "nginx", edges: ["127.0.0.1"]),
    ]

    @Test(arguments: samples)
    func `the page shows what is printed for the configuration above it`(sample: Sample) throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let section = try #require(
            page.split(separator: "\n## ").first { $0.hasPrefix("\(sample.section)\n") },
            "no section '\(sample.section)'")
        let yaml = try #require(section.firstMatch(of: #/```yaml\n([^`]*)```/#)).output.1
        let result = Configuration.load(text: String(yaml), file: "backends.md", environment: [:])
        let configuration = try #require(result.configuration, "\(result.problems)")
        let guide = TrustGuide(sample.server, configuration, edges: sample.edges.compactMap { IPAddress($0) })
        #expect(section.contains(guide.text), "\(guide.text)")
    }

    @Test func `every server is on the page`() {
        #expect(Set(Self.samples.map(\.server)) == Set(MailServer.allCases))
    }
}
