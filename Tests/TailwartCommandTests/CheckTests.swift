import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Check {
        private static let good = """
            mailbox:
              address: 127.0.0.1
              ports: {2525: 25}

            """
        /// Four problems on four lines.
        private static let bad = """
            mailbox:
              adress: 127.0.0.1
              ports: [25, 70000]
            max_connections: many
            drain: 5 parsecs

            """

        private struct JSONAnswer: Decodable {
            struct Problem: Decodable {
                let severity: String
                let line: Int
                let column: Int
                let message: String
            }

            let file: String
            let valid: Bool
            let problems: [Problem]
        }

        @Test func `a good file is said to be good`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(Self.good)
                let answer = try await Answer.tailwart(["check"], on: host)
                #expect(answer.exitCode == 0)
                #expect(answer.output.contains("./tailwart.yaml: good: 1 listener, 1 upstream"))
                #expect(answer.errors.isEmpty)
            }
        }

        @Test func `every problem of a bad file has its line and column`() async throws {
            try await TestHost.run { host in
                let file = host.folder.file("bad.yaml")
                try file.write(Self.bad)
                let answer = try await Answer.tailwart(["check", "--config", file.path], on: host)
                #expect(answer.exitCode == 1)
                for line in answer.outputLines {
                    let rest = try #require(line.wholeMatch(of: #/(.+?):(\d+):(\d+): error: (.+)/#))
                    #expect(rest.1 == file.path)
                }
                let numbers = answer.outputLines.compactMap { $0.firstMatch(of: #/:(\d+):\d+: error/#)?.1 }
                #expect(Set(numbers).isSuperset(of: ["2", "3", "4", "5"]), "\(answer.output)")
                #expect(answer.output.contains("did you mean 'address'?"))
            }
        }

        @Test(arguments: [(good, true), (bad, false)])
        func `a script can read the answer`(text: String, valid: Bool) async throws {
            try await TestHost.run { host in
                let file = host.folder.file("some.yaml")
                try file.write(text)
                let answer = try await Answer.tailwart(["check", "--json", "--config", file.path], on: host)
                #expect(answer.exitCode == (valid ? 0 : 1))
                let json = try JSONDecoder().decode(JSONAnswer.self, from: Data(answer.output.utf8))
                #expect(json.file == file.path)
                #expect(json.valid == valid)
                #expect(json.problems.isEmpty == valid)
                #expect(json.problems.allSatisfy { $0.line > 0 && $0.column > 0 && $0.severity == "error" })
            }
        }

        @Test(arguments: [["check"], ["run"], ["config"]])
        func `without a file it says where it looked`(command: [String]) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(command, on: host)
                #expect(answer.exitCode == 3)
                for place in ["$TAILWART_CONFIG", "./tailwart.yaml", "/etc/tailwart/tailwart.yaml", "--config FILE"] {
                    #expect(answer.errors.contains(place), "\(answer.errors)")
                }
            }
        }

        @Test func `a file that is named and not there is named`() async throws {
            try await TestHost.run { host in
                let option = try await Answer.tailwart(["check", "--config", "none.yaml"], on: host)
                #expect(option.exitCode == 3)
                #expect(option.errors.contains("none.yaml: there is no such file"))
                let variable = try await Answer.tailwart(
                    ["check"], on: host, environment: ["TAILWART_CONFIG=other.yaml"])
                #expect(variable.exitCode == 3)
                #expect(variable.errors.contains("other.yaml: there is no such file"))
            }
        }

        @Test(arguments: [
            good,
            """
            mailbox: {address: mail.example.ts.net, domains: [example.org], proxy_protocol: {version: v2, tlvs: [crc32c]}}
            web: 127.0.0.1:8443
            drain: 90s
            log: {format: json, level: warning}
            listeners:
              - name: private
                bind: ["unix:/run/x.sock", "[::1]:2525"]
                protocol: smtp
                proxy_protocol_in: {trusted: [127.0.0.0/8]}
                routes:
                  - {match: {client: [192.0.2.0/24]}, to: close}
                  - {to: "mailbox:25"}

            """,
        ])
        func `the general form is good and stands for itself`(text: String) async throws {
            try await TestHost.run { host in
                try host.folder.file("short.yaml").write(text)
                let general = try await Answer.tailwart(["config", "--config", "short.yaml"], on: host)
                #expect(general.exitCode == 0, "\(general.errors)")
                #expect(general.output.contains("listeners:"))
                try host.folder.file("general.yaml").write(general.output)
                let check = try await Answer.tailwart(["check", "--config", "general.yaml"], on: host)
                #expect(check.exitCode == 0, "\(check.output)")
                let again = try await Answer.tailwart(["config", "--config", "general.yaml"], on: host)
                #expect(again.output == general.output)
            }
        }

        @Test func `config refuses a bad file as check does`() async throws {
            try await TestHost.run { host in
                try host.folder.file("bad.yaml").write(Self.bad)
                let check = try await Answer.tailwart(["check", "--config", "bad.yaml"], on: host)
                let config = try await Answer.tailwart(["config", "--config", "bad.yaml"], on: host)
                #expect(config.exitCode == 1)
                #expect(config.output.isEmpty)
                #expect(config.errors == check.output)
            }
        }
    }
}
