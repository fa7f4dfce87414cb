import Glibc
import TailwartSystem
import Testing

@Suite struct FileSystemTests {
    /// A folder that is gone when the body has ended.
    private static func inFolder(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/tailwart-files-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in ["a", "a.new", "a.old", "a.old.2", "file", "link", "pipe"] { remove("\(folder)/\(name)") }
            rmdir(folder)
        }
        try body(folder)
    }

    private static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "we"))
        fputs(text, file)
        fclose(file)
    }

    @Test func `a file is read to its end, or one byte beyond the limit`() throws {
        try Self.inFolder { folder in
            try Self.write("abcdef", to: "\(folder)/a")
            #expect(FileSystem.read("\(folder)/a", limit: 6) == .bytes(Array("abcdef".utf8)))
            #expect(FileSystem.read("\(folder)/a", limit: 3) == .bytes(Array("abcd".utf8)))
            #expect(FileSystem.read("\(folder)/none", limit: 3) == .failure(.noEntry))
        }
    }

    @Test func `folders, pipes and links are told apart, and not waited for`() throws {
        try Self.inFolder { folder in
            try Self.write("x", to: "\(folder)/file")
            mkfifo("\(folder)/pipe", 0o600)
            symlink("file", "\(folder)/link")
            #expect(FileSystem.read(folder, limit: 3) == .notRegular)
            #expect(FileSystem.read("\(folder)/pipe", limit: 3) == .notRegular)
            #expect(FileSystem.read("\(folder)/link", limit: 3) == .bytes(Array("x".utf8)))
            #expect(FileSystem.read("\(folder)/link", limit: 3, followsLinks: false) == .failure(.tooManyLinks))
            #expect(try FileSystem.kind(of: folder) == .folder && FileSystem.kind(of: "\(folder)/link") == .regular)
            #expect(try FileSystem.kind(of: "\(folder)/pipe") == .other)
            #expect(throws: Errno.noEntry) { try FileSystem.kind(of: "\(folder)/none") }
        }
    }

    @Test func `a file is replaced whole, with its permissions, whatever was left beside it`() throws {
        try Self.inFolder { folder in
            let path = "\(folder)/a"
            symlink("file", "\(path).new")
            for text in ["first", "", "third"] {
                try FileSystem.replace(path, with: Array(text.utf8), permissions: 0o600)
                #expect(FileSystem.read(path, limit: 10) == .bytes(Array(text.utf8)))
            }
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
            #expect(FileSystem.read("\(folder)/file", limit: 10) == .failure(.noEntry), "no link was followed")
            #expect(lstat("\(path).new", &status) != 0, "nothing is left")
            do throws(SystemError) {
                try FileSystem.replace("\(folder)/none/a", with: [], permissions: 0o600)
                Issue.record("there is no such folder")
            } catch {
                #expect(error.errno == .noEntry)
            }
        }
    }

    @Test func `a file is moved to a name that nobody has`() throws {
        try Self.inFolder { folder in
            let path = "\(folder)/a"
            try Self.write("old", to: "\(path).old")
            try Self.write("new", to: path)
            #expect(try FileSystem.moveAside(path, suffix: ".old") == "\(path).old.2")
            #expect(FileSystem.read("\(path).old", limit: 10) == .bytes(Array("old".utf8)))
            #expect(FileSystem.read("\(path).old.2", limit: 10) == .bytes(Array("new".utf8)))
            #expect(FileSystem.read(path, limit: 10) == .failure(.noEntry))
        }
    }

    @Test func `the environment is what getenv tells`() {
        let environment = FileSystem.environment
        #expect(!environment.isEmpty)
        for (name, value) in environment { #expect(getenv(name).map { String(cString: $0) } == value) }
    }
}
