import Foundation
import TailwartConfig
import TailwartCore
import Testing

/// A file under `Fixtures` with what is expected of it beside it.
struct Fixture: CustomTestStringConvertible, Sendable {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    static let environment = [
        "TS_TAILNET": "tail1234.ts.net", "SET": "value", "PORT": "2525", "EMPTY": "",
    ]

    let url: URL

    var testDescription: String { url.lastPathComponent }

    /// All of a folder, sorted by name.
    static func all(in name: String) -> [Fixture] {
        let urls = try? FileManager.default.contentsOfDirectory(
            at: folder.appending(path: name), includingPropertiesForKeys: nil)
        return (urls ?? [])
            .filter { $0.pathExtension == "yaml" && !$0.lastPathComponent.contains(".expected.") }
            .sorted { $0.path < $1.path }
            .map(Fixture.init)
    }

    func load() throws -> ConfigurationResult {
        Configuration.load(
            bytes: Array(try Data(contentsOf: url)), file: url.lastPathComponent, environment: Self.environment)
    }

    /// Compares with the file of this ending; with `TAILWART_UPDATE_FIXTURES=1` writes it instead, for a look at the difference.
    func expect(_ text: String, in ending: String) throws {
        let expected = url.deletingPathExtension().appendingPathExtension(ending)
        if ProcessInfo.processInfo.environment["TAILWART_UPDATE_FIXTURES"] == "1" {
            try Data(text.utf8).write(to: expected)
        }
        #expect(try String(contentsOf: expected, encoding: .utf8) == text)
    }
}

extension ConfigurationResult {
    /// One line for each problem.
    var report: String { problems.map { "\($0)\n" }.joined() }
}
