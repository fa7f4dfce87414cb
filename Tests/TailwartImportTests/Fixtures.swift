import Foundation
import TailwartImport
import Testing

/// Another program's file under `Fixtures`, with what is expected of it beside it.
struct Fixture: CustomTestStringConvertible, Sendable {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    static let endings: [ForeignConfiguration.Kind: String] = [
        .caddy: "json", .nginx: "conf", .haproxy: "cfg", .traefik: "yml",
    ]

    let url: URL
    let kind: ForeignConfiguration.Kind

    var testDescription: String { "\(kind.rawValue)/\(url.lastPathComponent)" }

    static let all: [Fixture] = endings.flatMap { kind, ending in
        let urls = try? FileManager.default.contentsOfDirectory(
            at: folder.appending(path: kind.rawValue), includingPropertiesForKeys: nil)
        return (urls ?? []).filter { $0.pathExtension == ending }.map { Fixture(url: $0, kind: kind) }
    }.sorted { $0.url.path < $1.url.path }

    static func named(_ name: String) throws -> Fixture {
        try #require(all.first { $0.testDescription == name }, "\(name)")
    }

    var text: String { get throws { try String(contentsOf: url, encoding: .utf8) } }

    func load() throws -> ImportResult { load(try text) }

    /// Imports a text as if it stood in this file.
    func load(_ text: String) -> ImportResult {
        Importer(file: url.lastPathComponent, kind: kind, files: FilesInFolder(url.deletingLastPathComponent())).run(
            text)
    }

    /// The text of a file beside it; nil if there is none.
    func beside(_ ending: String) -> String? {
        try? String(contentsOf: url.deletingPathExtension().appendingPathExtension(ending), encoding: .utf8)
    }

    /// Compares with the file of this ending, or that there is none; with `TAILWART_UPDATE_FIXTURES=1` writes it instead, for a
    /// look at the difference.
    func expect(_ text: String?, in ending: String) throws {
        let expected = url.deletingPathExtension().appendingPathExtension(ending)
        if ProcessInfo.processInfo.environment["TAILWART_UPDATE_FIXTURES"] == "1" {
            try? FileManager.default.removeItem(at: expected)
            if let text { try Data(text.utf8).write(to: expected) }
        }
        #expect(beside(ending) == text)
    }
}

/// Included files with paths relative to a folder, so that messages do not depend on where the fixtures are.
struct FilesInFolder: IncludedFiles {
    private let folder: String

    init(_ folder: URL) {
        self.folder = folder.path
    }

    func paths(of pattern: String) -> [String] {
        FilesOnHost().paths(of: "\(folder)/\(pattern)").map { String($0.dropFirst(folder.count + 1)) }
    }

    func text(of path: String) -> String? { FilesOnHost().text(of: "\(folder)/\(path)") }
}
