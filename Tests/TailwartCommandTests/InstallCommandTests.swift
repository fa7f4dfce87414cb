import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Below a folder that stands for the host's root: nothing of this host is touched.
    @Suite struct Install {
        private static let repository = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        private static let accounts = "root:x:0:0:root:/root:/bin/sh\n"

        /// A host with its accounts and no more.
        static func makeRoot(_ name: String, on host: TestHost) throws {
            _ = try host.folder.makeFolder("\(name)/etc")
            try host.folder.file("\(name)/etc/passwd").write(accounts)
            try host.folder.file("\(name)/etc/group").write("root:x:0:\n")
        }

        /// - Parameter files: that are there before.
        private func install(
            _ options: [String] = [], on host: TestHost, having files: [String: String] = [:]
        ) async throws -> Answer {
            if !FileManager.default.fileExists(atPath: host.folder.file("root").path) {
                try Self.makeRoot("root", on: host)
            }
            for (path, text) in files {
                _ = try host.folder.makeFolder("root" + path.split(separator: "/").dropLast().map { "/\($0)" }.joined())
                try host.folder.file("root\(path)").write(text)
            }
            return try await Answer.tailwart(["install", "--root", "root"] + options, on: host)
        }

        /// Every path below the root with the time of its last change.
        private func everything(_ host: TestHost) throws -> [String: Date] {
            let root = host.folder.file("root").path
            return try Dictionary(
                uniqueKeysWithValues: FileManager.default.subpathsOfDirectory(atPath: root).map { path in
                    let attributes = try FileManager.default.attributesOfItem(atPath: "\(root)/\(path)")
                    return (path, attributes[.modificationDate] as? Date ?? .distantPast)
                })
        }

        @Test func `a program alone becomes a service with all that belongs to it`() async throws {
            try await TestHost.run { host in
                let answer = try await install(on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                func text(_ path: String) -> String { host.folder.file("root\(path)").text }
                let program = host.folder.file("root/usr/local/bin/tailwart").path
                #expect(FileManager.default.contentsEqual(atPath: program, andPath: try Program.edge().path))
                #expect(FileManager.default.isExecutableFile(atPath: program))

                func source(_ path: String) throws -> String {
                    try String(contentsOf: Self.repository.appending(path: path), encoding: .utf8)
                }
                let unit = text("/etc/systemd/system/tailwart.service")
                #expect(
                    try unit
                        == source("deploy/systemd/tailwart.service").replacing("/usr/bin/", with: "/usr/local/bin/"))
                #expect(unit.contains("\nExecStart=/usr/local/bin/tailwart run "))
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(
                        atPath: host.folder.file("root/etc/systemd/system/multi-user.target.wants/tailwart.service")
                            .path)
                        == "/etc/systemd/system/tailwart.service")
                for (path, origin) in [
                    ("/etc/sysusers.d/tailwart.conf", "systemd/sysusers.conf"),
                    ("/etc/tmpfiles.d/tailwart.conf", "systemd/tmpfiles.conf"),
                    ("/etc/sysctl.d/50-tailwart.conf", "systemd/sysctl.conf"),
                    ("/etc/default/tailwart", "debian/default"),
                ] {
                    #expect(try text(path) == source("deploy/\(origin)"), "\(path)")
                }
                #expect(text("/etc/passwd").contains("\ntailwart:"), "\(answer.output)")
                #expect(FileManager.default.fileExists(atPath: host.folder.file("root/etc/tailwart").path))
                #expect(text("/usr/local/share/bash-completion/completions/tailwart").contains("lint-secrets"))
                #expect(text("/usr/local/share/zsh/site-functions/_tailwart").hasPrefix("#compdef tailwart"))
                #expect(text("/usr/local/share/fish/vendor_completions.d/tailwart.fish").contains("lint-secrets"))

                #expect(answer.outputLines.contains("wrote /usr/local/bin/tailwart"))
                #expect(answer.output.contains("Next: `tailwart init"))
                // What the host's own folders have is no business of another system's.
                #expect(answer.output.contains("Copy it to root/etc/tailwart/tailwart.yaml; the edge starts when"))
                #expect(answer.outputLines.last?.hasSuffix("tailwart install --root root --uninstall") == true)
            }
        }

        @Test func `the manual pages have every command and every key`() async throws {
            try await TestHost.run { host in
                _ = try await install(on: host)
                let commands = host.folder.file("root/usr/local/share/man/man1/tailwart.1").text
                let help = try await Answer.tailwart(["--help"], on: host)
                let listed = help.outputLines.drop { $0 != "SUBCOMMANDS:" }
                    .compactMap { $0.wholeMatch(of: #/  ([a-z-]+) .*/#).map { String($0.1) } }
                #expect(listed.count > 15)
                for command in listed {
                    #expect(commands.contains(".SS tailwart \(command.replacing("-", with: "\\-"))\n"), "\(command)")
                }
                let keys = host.folder.file("root/usr/local/share/man/man5/tailwart.yaml.5").text
                let schema = try JSONSerialization.jsonObject(
                    with: Data(try await Answer.tailwart(["config", "--schema"], on: host).output.utf8))
                let properties = try #require((schema as? [String: Any])?["properties"] as? [String: Any])
                #expect(properties.count > 10)
                for key in properties.keys {
                    #expect(keys.contains(".B \(key.replacing("-", with: "\\-"))\n"), "\(key)")
                }
                for example in ["general", "mail\\-only", "many\\-domains", "postfix\\-dovecot", "usual"] {
                    #expect(keys.contains(".SS \(example).yaml\n.EX\n"), "\(example)")
                }
                for page in [commands, keys] { #expect(!page.contains(#/@[A-Z]+@/#)) }
            }
        }

        @Test func `a second time nothing is changed`() async throws {
            try await TestHost.run { host in
                #expect(try await install(on: host).exitCode == 0)
                let before = try everything(host)
                let again = try await install(on: host)
                #expect(again.exitCode == 0)
                #expect(again.output == "All of it is here already; nothing was changed.\n")
                #expect(try everything(host) == before)
            }
        }

        @Test func `a dry run says what would be done, and touches nothing`() async throws {
            try await TestHost.run { host in
                let answer = try await install(["--dry-run"], on: host)
                #expect(answer.exitCode == 0)
                #expect(answer.outputLines.contains("would write /usr/local/bin/tailwart"))
                #expect(answer.outputLines.contains("would make the user tailwart"))
                #expect(try everything(host).keys.sorted() == ["etc", "etc/group", "etc/passwd"])

                #expect(try await install(on: host).exitCode == 0)
                let before = try everything(host)
                let removal = try await install(["--uninstall", "--dry-run"], on: host)
                #expect(removal.outputLines.contains("would remove /usr/local/bin/tailwart"))
                #expect(try everything(host) == before)
            }
        }

        @Test func `a script gets what a person reads, done or planned, and what is left to do`() async throws {
            try await TestHost.run { host in
                for options in [["--dry-run"], [], ["--uninstall", "--dry-run"], ["--uninstall"]] {
                    // Of the plan, as the same cannot be done twice.
                    let isPlan = options.contains("--dry-run")
                    let text = isPlan ? try await install(options, on: host).outputLines : nil
                    let answer = try await install(options + ["--json"], on: host)
                    #expect(answer.exitCode == 0 && answer.errors.isEmpty, "\(answer)")
                    let json = try JSONReader.read(Array(answer.output.utf8).span)
                    let changes = (json["changes"]?.list ?? []).compactMap { $0["message"]?.text }
                    #expect(changes.count > 10)
                    if let text { #expect(text.dropLast().map(String.init) == changes) }
                    let word = isPlan ? "would " : ""
                    let program = options.contains("--uninstall") ? "remov" : isPlan ? "write" : "wrote"
                    #expect(
                        changes.contains {
                            $0.hasPrefix("\(word)\(program)") && $0.hasSuffix(" /usr/local/bin/tailwart")
                        })
                    #expect((json["steps"]?.list?.count ?? 0) == (options.isEmpty ? 1 : 0))
                }
            }
        }

        @Test func `an uninstall removes what was made, and leaves what is the operator's`() async throws {
            try await TestHost.run { host in
                #expect(try await install(on: host).exitCode == 0)
                let own = [
                    "/etc/tailwart/tailwart.yaml": "mailbox: {address: 192.0.2.7}\n", "/var/lib/tailwart/bans": "",
                    "/usr/local/bin/other": "", "/etc/default/tailwart": "TS_TAILNET=tail1234.ts.net\n",
                ]
                let removal = try await install(["--uninstall"], on: host, having: own)
                #expect(removal.exitCode == 0, "\(removal.errors)")
                let left = try everything(host).keys.filter {
                    var isFolder: ObjCBool = false
                    let path = host.folder.file("root/\($0)").path
                    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
                }
                // The tools that make users leave files of their own beside these.
                #expect(
                    left.filter { $0.contains("tailwart") || $0.contains("local") }.sorted()
                        == own.keys.map { String($0.dropFirst()) }.sorted())
                #expect(removal.output.contains("kept /etc/default/tailwart: it was changed since it was installed."))
                #expect(
                    removal.output.contains(
                        "Kept: root/etc/tailwart, root/var/lib/tailwart. "
                            + "To remove that too: sudo rm -r root/etc/tailwart root/var/lib/tailwart\n"))
                #expect(!FileManager.default.fileExists(atPath: host.folder.file("root/usr/local/share").path))

                let again = try await install(["--uninstall"], on: host)
                #expect(again.exitCode == 0)
                #expect(again.output.hasPrefix("Nothing here was made by `tailwart install`"))
            }
        }

        @Test func `an uninstall right after an install leaves no folder either`() async throws {
            try await TestHost.run { host in
                _ = try host.folder.makeFolder("root")
                let answer = try await install(on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                #expect(FileManager.default.fileExists(atPath: host.folder.file("root/etc/tailwart").path))
                let removal = try await install(["--uninstall"], on: host)
                #expect(removal.exitCode == 0, "\(removal.errors)")
                #expect(removal.outputLines.last == "Removed what `tailwart install` had made.")
                #expect(try everything(host).isEmpty)
            }
        }

        @Test func `a newer program updates what is there, but for what was changed by hand`() async throws {
            try await TestHost.run { host in
                #expect(try await install(on: host).exitCode == 0)
                let unit = "/etc/systemd/system/tailwart.service"
                let wanted = host.folder.file("root/etc/systemd/system/multi-user.target.wants/tailwart.service").path
                try FileManager.default.removeItem(atPath: wanted)
                let answer = try await install(
                    on: host, having: [unit: "[Service]\n", "/usr/local/bin/tailwart": "an older one"])
                #expect(answer.exitCode == 0, "\(answer.errors)")
                #expect(answer.outputLines.first == "wrote /usr/local/bin/tailwart")
                #expect(answer.output.contains("kept \(unit): it was changed by hand."))
                #expect(host.folder.file("root\(unit)").text == "[Service]\n")
                #expect(!FileManager.default.fileExists(atPath: wanted), "the operator has disabled it")
            }
        }

        @Test(arguments: [
            ("/var/lib/dpkg/info/tailwart.list", "/.\n/usr/bin/tailwart\n", "installed by the package"),
            ("/usr/bin/tailwart", "", "by a package manager or by hand"),
            ("/usr/lib/systemd/system/tailwart.service", "", "by a package manager or by hand"),
            ("/etc/NIXOS", "", "deploy/nix"),
            ("/etc/systemd/system/tailwart.service", "[Unit]\n", "not made by `tailwart install`"),
            ("/usr/local/bin/tailwart", "another", "not made by `tailwart install`"),
        ])
        func `what others have put there is not overwritten`(path: String, text: String, words: String) async throws {
            try await TestHost.run { host in
                let answer = try await install(on: host, having: [path: text])
                #expect(answer.exitCode == 3)
                #expect(
                    answer.errors.contains(words) && answer.errors.contains("nothing was changed"), "\(answer.errors)")
                #expect(answer.output.isEmpty)
                #expect(host.folder.file("root\(path)").text == text)
                #expect(!FileManager.default.fileExists(atPath: host.folder.file("root/etc/tmpfiles.d").path))
            }
        }

        @Test func `a package that was removed, and not purged, is not in the way`() async throws {
            try await TestHost.run { host in
                let answer = try await install(
                    on: host,
                    having: ["/var/lib/dpkg/info/tailwart.list": "/etc\n/etc/fail2ban/filter.d/tailwart.conf\n"])
                #expect(answer.exitCode == 0, "\(answer.errors)")
            }
        }

        @Test func `a unit that is masked stays so, and it is said how to lift that`() async throws {
            try await TestHost.run { host in
                let units = try host.folder.makeFolder("root/etc/systemd/system")
                try FileManager.default.createSymbolicLink(
                    atPath: "\(units)/tailwart.service", withDestinationPath: "/dev/null")
                let answer = try await install(on: host)
                #expect(answer.exitCode == 3 && answer.output.isEmpty)
                #expect(answer.errors.contains("nothing was changed. Lift that first: sudo systemctl unmask tailwart"))
            }
        }

        @Test func `the host itself is root's, and others learn how to go on`() async throws {
            try await TestHost.run { host in
                let stranger = [
                    try Program("setpriv", package: "util-linux").path, "--reuid=65534", "--regid=65534",
                    "--clear-groups",
                ]
                for options in [[], ["--uninstall"]] {
                    let answer = try await Answer.tailwart(["install"] + options, on: host, under: stranger)
                    #expect(answer.exitCode == 3 && answer.output.isEmpty)
                    #expect(answer.errors.contains("Only root may do this: sudo "), "\(answer.errors)")
                }
                let missing = try await Answer.tailwart(["install", "--root", "nowhere"], on: host)
                #expect(missing.exitCode == 3)
                #expect(missing.errors.hasPrefix("nowhere: not a folder."))
            }
        }
    }
}
