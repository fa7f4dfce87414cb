import Foundation
import TailwartSetup
import Testing

@Suite struct RepositoryTests {
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// All but what is built; a release has no git.
    private static func files() throws -> [String] {
        let folder = try #require(FileManager.default.enumerator(atPath: root))
        var files: [String] = []
        while let path = folder.nextObject() as? String {
            if [".git", ".build"].contains(path) { folder.skipDescendants() }
            if folder.fileAttributes?[.type] as? FileAttributeType == .typeRegular { files.append("\(root)/\(path)") }
        }
        return files
    }

    /// What this repository asks of others it does itself: secrets in tests are put together from pieces.
    @Test func `this repository is clean`() throws {
        let lint = try SecretLint(Self.files(), staged: false)
        let found = lint.findings.map { "\($0.path):\($0.finding.line):\($0.finding.column): \($0.finding.what)" }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        #expect(lint.unreadable.isEmpty)
        #expect(lint.textFiles + lint.otherFiles > 300, "the test looks in the wrong place")
    }
}
