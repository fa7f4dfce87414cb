import Foundation
import TailwartConfig
import TailwartCore
import Testing

struct ConfigurationFileTests {
    /// A folder that is gone when the test is over.
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tailwart-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func `the named file comes before the environment, and that before the usual paths`() throws {
        try inFolder { folder in
            let usual = folder.appending(path: "usual.yaml").path
            let environment = ["TAILWART_CONFIG": "/from/environment.yaml"]
            #expect(try ConfigurationFile.find(named: "x", environment: environment, usualPaths: [usual]) == "x")
            #expect(
                try ConfigurationFile.find(named: nil, environment: environment, usualPaths: [usual])
                    == "/from/environment.yaml")
            #expect(throws: ConfigurationFile.Failure.notFound(lookedAt: ["$TAILWART_CONFIG (not set)", usual])) {
                try ConfigurationFile.find(named: nil, environment: ["TAILWART_CONFIG": ""], usualPaths: [usual])
            }
            try Data("mailbox: {address: mail.example.net}".utf8).write(to: URL(filePath: usual))
            #expect(try ConfigurationFile.find(named: nil, environment: [:], usualPaths: ["/none", usual]) == usual)
            let bytes = try ConfigurationFile.read(usual)
            let result = Configuration.load(bytes: bytes, file: usual, environment: [:])
            #expect(result.configuration?.listeners.count == 4)
        }
    }

    @Test func `what cannot be read says why`() throws {
        try inFolder { folder in
            let missing = folder.appending(path: "missing.yaml").path
            #expect(throws: ConfigurationFile.Failure.unreadable(path: missing, code: ENOENT)) {
                try ConfigurationFile.read(missing)
            }
            #expect(throws: ConfigurationFile.Failure.notRegular(path: folder.path)) {
                try ConfigurationFile.read(folder.path)
            }
            let large = folder.appending(path: "large.yaml")
            try Data(repeating: 0x23, count: 1 << 20 + 1).write(to: large)
            #expect(throws: ConfigurationFile.Failure.tooLarge(path: large.path)) {
                try ConfigurationFile.read(large.path)
            }
            try Data(repeating: 0x23, count: 1 << 20).write(to: large)
            #expect(try ConfigurationFile.read(large.path).count == 1 << 20)
        }
    }

    @Test func `a named pipe is refused at once`() throws {
        try inFolder { folder in
            let pipe = folder.appending(path: "pipe").path
            try #require(mkfifo(pipe, 0o600) == 0)
            #expect(throws: ConfigurationFile.Failure.notRegular(path: pipe)) { try ConfigurationFile.read(pipe) }
        }
    }

    @Test(arguments: [
        (
            ConfigurationFile.Failure.notFound(lookedAt: ["$TAILWART_CONFIG (not set)", "./a", "/b"]),
            "no configuration found; looked at $TAILWART_CONFIG (not set), ./a, /b. "
                + "Write one of them, or name another with --config FILE or $TAILWART_CONFIG."
        ),
        (.unreadable(path: "a", code: ENOENT), "a: there is no such file; check --config and $TAILWART_CONFIG."),
        (.unreadable(path: "a", code: EACCES), "a: permission denied; let the user that runs tailwart read it."),
        (.unreadable(path: "a", code: EIO), "a: cannot be read: Input/output error."),
        (.notRegular(path: "a"), "a: not a regular file; name a file with --config FILE."),
        (.tooLarge(path: "a"), "a: the file is larger than 1 MiB; is it the right one?"),
    ]) func `a failure tells what to do`(failure: ConfigurationFile.Failure, text: String) {
        #expect("\(failure)" == text)
    }

    @Test func `a person is told of every problem, and what a good file has`() {
        let lines = { (text: String) in
            Configuration.load(text: text, file: "a.yaml", environment: [:]).lines(file: "a.yaml")
        }
        let good = lines("mailbox: {address: 100.64.0.7, ports: [25, 993], domains: [example.org]}")
        #expect(good.last?.hasPrefix("a.yaml: good: 3 listeners, 1 upstream. ") == true, "\(good)")
        let bad = lines("mailbox: {adress: a}\nwebb: b")
        #expect(bad.count == 2 && bad.allSatisfy { $0.contains(": error: ") }, "\(bad)")
    }
}
