import Foundation
import TailwartConfig
import TailwartCore
import Testing

/// What readers copy must load.
struct ExampleTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String

        var testDescription: String { name }
    }

    static let root = Fixture.folder.appending(path: "../../..").standardized
    static let examples = files(in: "examples", ending: "yaml").compactMap { url in
        (try? String(contentsOf: url, encoding: .utf8)).map { Example(name: url.lastPathComponent, text: $0) }
    }
    static let pages = [root.appending(path: "README.md")] + files(in: "docs", ending: "md")
    static let blocks = pages.flatMap { page in
        blocks(of: (try? String(contentsOf: page, encoding: .utf8)) ?? "", named: page.lastPathComponent)
    }

    @Test func `there are examples, and YAML in the documentation`() {
        #expect(Self.examples.count >= 5)
        #expect(Self.blocks.count >= 5)
    }

    @Test(arguments: examples + blocks) func `an example loads`(example: Example) {
        let environment = ["TS_TAILNET": "tail1234.ts.net"]
        let result = Configuration.load(text: example.text, file: example.name, environment: environment)
        #expect(result.configuration != nil, "\(result.report)\n\(example.text)")
    }

    private static func files(in folder: String, ending: String) -> [URL] {
        let urls = try? FileManager.default.contentsOfDirectory(
            at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (urls ?? []).filter { $0.pathExtension == ending }.sorted { $0.path < $1.path }
    }

    /// The code blocks of a Markdown page that are marked as YAML.
    private static func blocks(of page: String, named name: String) -> [Example] {
        var blocks: [Example] = []
        var lines: [Substring]?
        for (number, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```yaml") {
                lines = []
            } else if line.hasPrefix("```"), let text = lines?.joined(separator: "\n") {
                blocks.append(Example(name: "\(name):\(number + 1 - (lines?.count ?? 0))", text: text))
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return blocks
    }
}
