import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    /// What the documentation shows does work as it is shown.
    ///
    /// A command in a shell block is run, in a folder that has what it names. One that needs a tailnet or a service on it cannot be, and
    /// its block says so: ```` ```sh tailnet ````. All commands, also those in units, Dockerfiles and sentences, are held against `--help`.
    @Suite struct Documentation {
        private static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        private static let pages =
            ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + files(in: "docs", where: isPage)
            + files(in: "deploy", where: isPage) + files(in: "examples", where: isPage)
        private static let otherFiles =
            files(in: "deploy") { !isPage($0) && !$0.hasSuffix(".in") } + files(in: "examples") { !isPage($0) }
        private static let commands =
            pages.flatMap { ShownCommand.all(inPage: text(of: $0), named: $0) }
            + otherFiles.flatMap { ShownCommand.all(inFile: text(of: $0), named: $0) }
        private static let lines = commands.filter { $0.kind == .line && !$0.needsTailnet }

        // MARK: - the pages

        @Test func `there are pages, commands to run, and commands in files`() {
            #expect(Self.pages.count >= 15)
            #expect(Self.lines.count >= 25)
            #expect(Self.commands.count { $0.needsTailnet } >= 1)
            #expect(Set(Self.commands.map(\.page)).isSuperset(of: ["README.md", "deploy/edge/Dockerfile"]))
        }

        @Test func `a shell block is marked with nothing but what it needs`() {
            for page in Self.pages {
                #expect(ShownCommand.marks(inPage: Self.text(of: page)).subtracting(["tailnet"]).isEmpty, "\(page)")
            }
        }

        @Test func `every page is reached from the README`() {
            var reached: Set<String> = []
            var next = ["README.md"]
            while let page = next.popLast() {
                guard reached.insert(page).inserted else { continue }
                let folder = Self.root.appending(path: page).deletingLastPathComponent()
                for link in Self.text(of: page).matches(of: #/\]\(([^)#:\s]+\.md)/#) {
                    let target = folder.appending(path: String(link.output.1)).standardized.path
                    next.append(String(target.dropFirst(Self.root.standardized.path.count + 1)))
                }
            }
            #expect(Set(Self.pages).subtracting(reached).isEmpty)
        }

        @Test func `a link to a heading leads to one`() {
            for page in Self.pages {
                let folder = Self.root.appending(path: page).deletingLastPathComponent()
                for link in Self.text(of: page).matches(of: #/\]\(([^)#:\s]*)#([^)\s]+)\)/#) {
                    let name = String(link.output.1)
                    let target = name.isEmpty ? Self.root.appending(path: page) : folder.appending(path: name)
                    let text = (try? String(contentsOf: target, encoding: .utf8)) ?? ""
                    #expect(Self.anchors(of: text).contains(String(link.output.2)), "\(page): \(link.output.0)")
                }
            }
        }

        @Test func `each failure of the page on faults has a test that stages it`() {
            let page = Self.text(of: "docs/faults.md")
            let table = page.components(separatedBy: "## Each failure and the test that stages it").last ?? ""
            let rows = table.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
            #expect(rows.count >= 20)
            let tests = Self.files(in: "Tests") { $0.hasSuffix(".swift") }.map(Self.text).joined()
            for row in rows {
                let cells = row.split(separator: "|")
                let names = cells.last?.matches(of: #/`([^`]+)`/#).map { String($0.output.1) } ?? []
                #expect(cells.count == 2 && !names.isEmpty, "\(row)")
                let missing = names.filter { !tests.contains("func `\($0)`(") }
                #expect(missing.isEmpty)
            }
        }

        // MARK: - the commands

        @Test func `each command and each of its options is known`() async throws {
            try await TestHost.run { host in
                var help: [String: String] = [:]
                for command in Self.commands {
                    for (subcommand, options) in command.calls {
                        if help[subcommand] == nil {
                            help[subcommand] = try await Answer.tailwart([subcommand, "--help"], on: host).output
                        }
                        let text = help[subcommand] ?? ""
                        #expect(text.contains("USAGE: tailwart \(subcommand)"), "\(command.testDescription)")
                        let known = Set(text.matches(of: #/--[a-z][a-z0-9-]*/#).map { String($0.output) })
                        #expect(Set(options).subtracting(known).isEmpty, "\(command.testDescription)")
                    }
                }
            }
        }

        @Test(arguments: lines) func `a command does what it is shown for`(command: ShownCommand) async throws {
            try await TestHost.run { host in
                let folder = try await ShownCommandFolder(on: host, for: command, root: Self.root)
                let exitCode = try await folder.run()
                // The mailbox of the preflight is nowhere.
                let expected: Int32 = command.text.contains("--host") && folder.subcommand == "check" ? 1 : 0
                #expect(exitCode == expected, "\(folder.said)")
                if expected == 1 { #expect(folder.said.contains(" checks: ")) }
            }
        }

        // MARK: - files

        private static func isPage(_ path: String) -> Bool { path.hasSuffix(".md") }

        private static func files(in folder: String, where isWanted: (String) -> Bool) -> [String] {
            let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap {
                $0 as? String
            }
            return (all ?? []).map { "\(folder)/\($0)" }.filter(isWanted).sorted()
        }

        /// What GitHub makes of headings: small letters, digits, `-` and `_`, and hyphens for spaces.
        private static func anchors(of page: String) -> Set<String> {
            Set(
                page.matches(of: #/(?m)^#+ +(.+)$/#).map { heading in
                    heading.output.1.lowercased().replacing(" ", with: "-")
                        .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
                })
        }

        private static func text(of path: String) -> String {
            (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
        }
    }
}
