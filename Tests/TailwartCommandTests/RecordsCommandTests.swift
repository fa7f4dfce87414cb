import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Records {
        private static let configuration = """
            mailbox: {address: stalwart.tail1234.ts.net, hostname: mail.example.org, domains: [example.org]}
            web: 127.0.0.1:8443

            """

        private func records(_ options: [String], _ text: String = configuration) async throws -> Answer {
            var answer: Answer?
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(text)
                answer = try await Answer.tailwart(["records"] + options, on: host)
            }
            return try #require(answer)
        }

        private struct JSONAnswer: Decodable {
            struct Zone: Decodable {
                struct Record: Decodable {
                    let name: String
                    let type: String
                    let ttl: Int
                    let value: String
                }

                let zone: String
                let records: [Record]
            }

            let host: String
            let zones: [Zone]
        }

        @Test func `a zone snippet for the configuration's domains is printed`() async throws {
            let answer = try await records(["--ipv4", "9.9.9.9", "--mta-sts-id", "7"])
            #expect(answer.exitCode == 0, "\(answer.errors)")
            #expect(answer.errors.isEmpty)
            #expect(answer.output.contains(#/mail\.example\.org\. +3600 IN A +9\.9\.9\.9\n/#))
            #expect(answer.output.contains(#/_mta-sts\.example\.org\. +3600 IN TXT +"v=STSv1; id=7"\n/#))
        }

        @Test func `the id of the policy is the time where none is named`() async throws {
            let before = Date()
            let answer = try await records(["--ipv4", "9.9.9.9"])
            let id = try #require(answer.output.firstMatch(of: #/id=(\d{14})"/#)).output.1
            let formatter = DateFormatter()
            formatter.dateFormat = "yyyyMMddHHmmss"
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(secondsFromGMT: 0)
            let time = try #require(formatter.date(from: String(id)))
            #expect(time > before.addingTimeInterval(-2) && time <= Date())
        }

        @Test func `a script gets JSON, a person a table, and nobody both`() async throws {
            let options = [
                "--host", "MX.example.net", "--ipv4", "9.9.9.9", "--ipv6", "2620:fe::fe", "--domain", "example.com",
            ]
            let json = try await records(options + ["--json"])
            let decoded = try JSONDecoder().decode(JSONAnswer.self, from: Data(json.output.utf8))
            #expect(decoded.host == "mx.example.net")
            #expect(decoded.zones.map(\.zone) == ["mx.example.net", "example.org", "example.com"])
            #expect(decoded.zones[0].records.map(\.value) == ["9.9.9.9", "2620:fe::fe"])
            #expect(decoded.zones[0].records.allSatisfy { $0.ttl == 3600 && $0.name == "mx.example.net" })
            let table = try await records(options + ["--table"])
            #expect(table.outputLines.first?.hasPrefix("name ") == true)
            #expect(try await records(options + ["--table", "--json"]).exitCode == 2)
        }

        @Test(arguments: [
            ["--ipv4", "2620:fe::fe"], ["--ipv6", "9.9.9.9"], ["--ipv4", "mail.example.org"],
            ["--host", "*.example.org"],
            ["--domain", "a b"], ["--reports", "nobody"], ["--mta-sts-id", "a-b"],
            ["--ipv4", "9.9.9.9", "--caa-accounturi", "12345"],
            ["--ipv4", "9.9.9.9", "--caa-accounturi", "https://acme.example.net/1"],
        ])
        func `wrong use is told apart`(options: [String]) async throws {
            let answer = try await records(options)
            #expect(answer.exitCode == 2, "\(answer.output)")
            #expect(answer.output.isEmpty)
            // With the reason behind what the parser says, or alone.
            #expect(
                answer.errors.contains(#/Error: (The value '[^']*' is invalid for '--[^']*': .+|--caa-.+)/#),
                "\(answer.errors)")
        }

        @Test func `an address that the world cannot reach is refused`() async throws {
            let answer = try await records(["--ipv4", "100.64.0.5"])
            #expect(answer.exitCode == 1)
            #expect(answer.output.isEmpty)
            #expect(answer.errors.contains("100.64.0.5 cannot be published: it is a tailnet or carrier address"))
        }

        @Test func `without a domain it says which option is missing`() async throws {
            let answer = try await records(["--ipv4", "9.9.9.9"], "mailbox: {address: mail.example.net}\n")
            #expect(answer.exitCode == 1)
            #expect(answer.errors.contains("--domain"))
        }

        @Test func `a listener's own address needs no option`() async throws {
            let answer = try await records(
                ["--table"],
                "mailbox: {address: mail.example.net, hostname: mail.example.org, bind: [9.9.9.9], domains: [example.org]}\n"
            )
            #expect(answer.exitCode == 0, "\(answer.errors)")
            #expect(answer.output.contains(#/mail\.example\.org +A +9\.9\.9\.9 /#))
        }

        @Test func `an address of a document is warned of`() async throws {
            let answer = try await records(["--ipv4", "203.0.113.7"])
            #expect(answer.exitCode == 0)
            #expect(answer.errors.hasPrefix("warning: 203.0.113.7 is reserved for examples"))
        }
    }
}
