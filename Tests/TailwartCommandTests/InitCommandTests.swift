import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Init {
        private static let flags = [
            "--domain", "example.org", "--domain", "example.com", "--mailbox", "stalwart", "--tailnet",
            "tail1234.ts.net",
        ]
        private static let files = [
            "compose": [
                "tailwart/tailwart.yaml", "tailwart/tailwart.schema.json", ".env.example", "compose.yaml",
                "policy.hujson",
            ],
            "systemd": ["tailwart.yaml", "tailwart.schema.json", ".env.example", "tailwart.service", "policy.hujson"],
            "binary": ["tailwart.yaml", "tailwart.schema.json", "policy.hujson"],
        ]

        @Test(
            arguments: files.keys.sorted(),
            [["--web"], ["--no-web"], ["--web", "127.0.0.1:9443"], ["--web=127.0.0.1:9443"]])
        func `the files of each form are written, and the configuration is good`(form: String, web: [String])
            async throws
        {
            let files = try #require(Self.files[form])
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(
                    ["init"] + Self.flags + web + ["--form", form, "--into", "edge"], on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                #expect(answer.outputLines.prefix { $0.hasPrefix("wrote ") } == files.map { "wrote edge/\($0)" }[...])
                #expect(
                    answer.output.contains(
                        "\nLeft to do, in this order, in the folder of the files. At any time `sudo tailwart check --host"
                    ))
                #expect(answer.output.contains("\n\n      cd edge\n\n 1. Policy: "))
                for file in files { #expect(!host.folder.file("edge/\(file)").text.isEmpty, "\(file)") }

                let check = try await Answer.tailwart(["check", "--config", "edge/\(files[0])"], on: host)
                #expect(check.exitCode == 0, "\(check.output)")
                let general = try await Answer.tailwart(["config", "--config", "edge/\(files[0])"], on: host)
                #expect(general.output.contains("stalwart.tail1234.ts.net"))
                #expect(general.output.contains("mta-sts.example.com"))
                #expect(general.output.contains("127.0.0.1:8443") == (web == ["--web"]))
                #expect(general.output.contains("127.0.0.1:9443") == "\(web)".contains("9443"))
            }
        }

        @Test func `where tailscaled has no TUN device the file goes through it, and so does the step that looks`()
            async throws
        {
            try await TestHost.run { host in
                let tailscaled = try FakeTailscaled()
                defer { tailscaled.close() }
                for isUserspace in [true, false] {
                    tailscaled.update { $0.usesTUN = !isUserspace }
                    let answer = try await Answer.tailwart(
                        ["init"] + Self.flags + ["--no-web", "--form", "binary", "--force"], on: host,
                        environment: ["TS_SOCKET=\(tailscaled.path)"])
                    #expect(answer.exitCode == 0, "\(answer.errors)")
                    let text = host.folder.file("tailwart.yaml").text
                    #expect(text.contains("\n  via: tailscale\n") == isUserspace, "\(text)")
                    #expect(answer.output.contains("gate --once --via-tailscale") == isUserspace, "\(answer.output)")
                    #expect(try await Answer.tailwart(["check"], on: host).exitCode == 0)
                }
            }
        }

        @Test func `the schema and the policy are what the other commands know`() async throws {
            try await TestHost.run { host in
                _ = try await Answer.tailwart(["init"] + Self.flags + ["--web", "--form", "binary"], on: host)
                let schema = try JSONSerialization.jsonObject(with: host.folder.file("tailwart.schema.json").data)
                #expect((schema as? [String: Any])?["$schema"] != nil)
                let check = try await Answer.tailwart(["acl", "--check", "policy.hujson"], on: host)
                #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
            }
        }

        @Test func `a folder that has one of the files is left as it is, and force overwrites it`() async throws {
            try await TestHost.run { host in
                try host.folder.file("policy.hujson").write("mine\n")
                let command = ["init"] + Self.flags + ["--no-web", "--form", "binary"]
                let refused = try await Answer.tailwart(command, on: host)
                #expect(refused.exitCode == 3)
                #expect(refused.output.isEmpty)
                #expect(refused.errors.hasPrefix("policy.hujson: already there") && refused.errors.contains("--force"))
                #expect(host.folder.file("policy.hujson").text == "mine\n")
                #expect(!FileManager.default.fileExists(atPath: host.folder.file("tailwart.yaml").path))

                #expect(try await Answer.tailwart(command + ["--force"], on: host).exitCode == 0)
                #expect(host.folder.file("policy.hujson").text != "mine\n")
                #expect(try await Answer.tailwart(command, on: host).exitCode == 3, "and now there are more")
            }
        }

        @Test func `without a terminal the missing flags are named and nothing is written`() async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["init", "--domain", "example.org", "--into", "edge"], on: host)
                #expect(answer.exitCode == 2)
                #expect(
                    answer.errors.contains(
                        "there is no terminal to ask on; add --mailbox, --tailnet (not needed if --mailbox is a full name or an "
                            + "address), --web or --no-web, --form"))
                #expect(!FileManager.default.fileExists(atPath: host.folder.file("edge").path))
            }
        }

        @Test(arguments: [
            ["--web", "--no-web"], ["--web", "8443"], ["--web=garbage"], ["--web", "127.0.0.1:443"],
            ["--form", "docker"],
            ["--domain", "-x"],
        ])
        func `answers that cannot be taken are wrong use`(flags: [String]) async throws {
            try await TestHost.run { host in
                let rest = flags.contains { $0.hasPrefix("--web") } ? [] : ["--no-web"]
                let form = flags.contains("--form") ? [] : ["--form", "binary"]
                let answer = try await Answer.tailwart(
                    ["init"] + Self.flags + rest + form + ["--into", "edge"] + flags, on: host)
                #expect(answer.exitCode == 2, "\(answer.output)")
                #expect(!FileManager.default.fileExists(atPath: host.folder.file("edge").path))
            }
        }

        @Test func `a folder with blanks in its name is quoted in the steps, and what is no folder is said`()
            async throws
        {
            try await TestHost.run { host in
                let command = ["init"] + Self.flags + ["--no-web", "--form", "binary", "--into"]
                let answer = try await Answer.tailwart(command + ["sp ace/x y"], on: host)
                #expect(answer.exitCode == 0 && answer.output.contains("\n      cd sp\\ ace/x\\ y\n"))
                try host.folder.file("file").write("")
                let refused = try await Answer.tailwart(command + ["file"], on: host)
                #expect(refused.exitCode == 3)
                #expect(
                    refused.errors.hasPrefix("file: not a folder, so nothing was written. Name a folder with --into"))
            }
        }

        @Test func `a person is asked for what the flags leave open`() async throws {
            try await TestHost.run { host in
                // `script` gives it a terminal and types what comes in here.
                let input = Pipe()
                try input.fileHandleForWriting.write(
                    contentsOf: Data("*.example.org\nexample.org\n\n\n\ntail1234.ts.net\n\nyes\n".utf8))
                let command = "'\(try Program.edge().path)' init --form binary --into '\(host.folder.path)/edge'"
                let process = try host.start(
                    "script", try Program("script", package: "bsdutils"),
                    ["--quiet", "--return", "--command", command, "/dev/null"], input: input)
                #expect(try await process.exitCode(within: .seconds(60)) == 0, "\(process.output.text)")
                let said = process.output.text
                #expect(said.contains("'*.example.org' is not a mail domain"))
                #expect(said.contains("public name, for the MX record and its certificate [mail.example.org]: "))
                #expect(said.contains("The mailbox's name on the tailnet or in the LAN, or its address [stalwart]: "))
                #expect(said.contains("wrote \(host.folder.path)/edge/tailwart.yaml"))
                let text = host.folder.file("edge/tailwart.yaml").text
                #expect(text.contains("hostname: mail.example.org"))
                #expect(text.contains("domains: [example.org]") && text.contains("web: 127.0.0.1:8443"))
            }
        }
    }
}
