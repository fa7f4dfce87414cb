import Foundation
import Glibc
import TailwartSetup
import TailwartTesting
import Testing

/// Files, folders and links. What needs git is tested with the real program, in `LintSecretsCommandTests`.
@Suite(.ownThreads) struct SecretLintTests {
    private static let bad = "password: \(Fake.password)\n"

    /// A folder below /tmp, with a repository in it unless that is not wanted.
    private static func inFolder(hasGit: Bool = true, _ body: (TemporaryFolder) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        if hasGit {
            let git = Process()
            git.executableURL = URL(fileURLWithPath: try Program("git", package: "git").path)
            git.arguments = ["init", "--quiet", folder.path]
            try git.run()
            git.waitUntilExit()
            #expect(git.terminationStatus == 0)
        }
        try body(folder)
    }

    @Test func `a folder is read with all folders in it, as far as git would take them`() throws {
        try Self.inFolder { folder in
            try folder.file(".gitignore").write("ignored\n")
            for path in ["", "a/", "a/b/", "ignored/"] {
                if !path.isEmpty { _ = try folder.makeFolder(path) }
                try folder.file("\(path)x.yaml").write(Self.bad)
            }
            let lint = try SecretLint([folder.path], staged: false)
            let found = lint.findings.map { String($0.path.dropFirst(folder.path.count + 1)) }
            #expect(found.sorted() == ["a/b/x.yaml", "a/x.yaml", "x.yaml"])
            #expect(lint.textFiles == 3)
        }
    }

    @Test func `a folder that git does not know is named, and files in it can be`() throws {
        try Self.inFolder(hasGit: false) { folder in
            try folder.file("x.yaml").write(Self.bad)
            let lint = try SecretLint([folder.path, "\(folder.path)/x.yaml"], staged: false)
            #expect(lint.unreadable.map(\.path) == [folder.path])
            #expect(lint.unreadable[0].reason.contains("name the files"))
            #expect(lint.findings.count == 1)
        }
    }

    @Test func `links are not followed, unless one is named`() throws {
        try Self.inFolder { folder in
            let inside = try folder.makeFolder("inside")
            let outside = try folder.makeFolder("outside")
            try folder.file("outside/x.yaml").write(Self.bad)
            symlink("\(outside)/x.yaml", "\(inside)/file.yaml")
            symlink(outside, "\(inside)/folder")
            symlink(inside, "\(inside)/round")
            #expect(try SecretLint([inside], staged: false).findings.isEmpty)
            #expect(try SecretLint(["\(inside)/file.yaml"], staged: false).findings.count == 1)
            #expect(try SecretLint(["\(inside)/folder/"], staged: false).findings.count == 1)
        }
    }

    @Test func `pipes and devices are not waited for`() throws {
        try Self.inFolder { folder in
            mkfifo("\(folder.path)/pipe.yaml", 0o600)
            try folder.file("x.yaml").write(Self.bad)
            let named = ["\(folder.path)/pipe.yaml", "/dev/null"]
            let lint = try SecretLint([folder.path] + named, staged: false)
            #expect(lint.findings.count == 1)
            #expect(lint.unreadable.map(\.path) == named, "a person who names one wants it looked at")
            #expect(lint.unreadable.allSatisfy { $0.reason.contains("no regular file") })
        }
    }

    @Test func `a path that is not there is named, and the others are read`() throws {
        try Self.inFolder { folder in
            try folder.file("x.yaml").write(Self.bad)
            let lint = try SecretLint(["\(folder.path)/none", "\(folder.path)/x.yaml"], staged: false)
            #expect(lint.unreadable.map(\.path) == ["\(folder.path)/none"])
            #expect(lint.unreadable[0].reason == "cannot be read: No such file or directory; check the path")
            #expect(lint.findings.count == 1)
        }
    }

    @Test func `a file that is too large is named`() throws {
        try Self.inFolder { folder in
            let file = folder.file("x.yaml")
            let descriptor = open(file.path, O_CREAT | O_WRONLY, 0o600)
            // Lines, so that it is text; sparse files are zeros, which are binary.
            let line = Array(String(repeating: "a", count: 65_535).utf8) + [0x0A]
            for _ in 0...(SecretLint.byteLimit / line.count) {
                _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            }
            close(descriptor)
            let lint = try SecretLint([folder.path], staged: false)
            #expect(lint.unreadable.map(\.path) == [file.path])
            #expect(lint.unreadable[0].reason == "not looked at: it is larger than 16 MiB")
        }
    }
}
