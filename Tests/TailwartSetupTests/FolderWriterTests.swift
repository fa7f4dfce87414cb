import Foundation
import TailwartSetup
import TailwartTesting
import Testing

struct FolderWriterTests {
    private static let files = [
        SetupFile("tailwart/tailwart.yaml", "mailbox: {}\n"), SetupFile(".env.example", "A=1\n"),
        SetupFile("empty", ""),
    ]

    /// Every file below a folder with its text.
    private func content(of folder: TemporaryFolder) throws -> [String: String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return Dictionary(uniqueKeysWithValues: names.map { ($0, folder.file($0).text) })
    }

    @Test func `all files are written whole into a folder that is made for them`() async throws {
        try await TestHost.run { host in
            let folder = "\(host.folder.path)/some/where"
            let written = try FolderWriter.write(Self.files, into: folder)
            #expect(written == Self.files.map { "\(folder)/\($0.path)" })
            let content = try content(of: host.folder)
            #expect(
                content == [
                    "some": "", "some/where": "", "some/where/tailwart": "",
                    "some/where/tailwart/tailwart.yaml": "mailbox: {}\n",
                    "some/where/.env.example": "A=1\n", "some/where/empty": "",
                ], "nothing temporary is left")
        }
    }

    @Test func `a folder that has some of the files is left as it is`() async throws {
        try await TestHost.run { host in
            try host.folder.file(".env.example").write("mine\n")
            // Whoever made the link wants it there, though it leads nowhere.
            try FileManager.default.createSymbolicLink(
                atPath: "\(host.folder.path)/empty", withDestinationPath: "/nowhere")
            let before = try content(of: host.folder)
            let paths = [".env.example", "empty"].map { "\(host.folder.path)/\($0)" }
            #expect(throws: FolderWriter.Problem.exists(paths)) {
                try FolderWriter.write(Self.files, into: host.folder.path)
            }
            #expect(try content(of: host.folder) == before)
        }
    }

    @Test func `force overwrites, and replaces a link and not what it leads to`() async throws {
        try await TestHost.run { host in
            let other = host.folder.file("other")
            try other.write("mine\n")
            try FileManager.default.createSymbolicLink(
                atPath: "\(host.folder.path)/.env.example", withDestinationPath: other.path)
            try FolderWriter.write(Self.files, into: host.folder.path, force: true)
            #expect(other.text == "mine\n")
            #expect(host.folder.file(".env.example").text == "A=1\n")
            try FolderWriter.write([SetupFile(".env.example", "A=2\n")], into: host.folder.path, force: true)
            #expect(host.folder.file(".env.example").text == "A=2\n")
        }
    }

    @Test func `what stands in the way is named, and what to do`() async throws {
        try await TestHost.run { host in
            let path = host.folder.path
            try host.folder.file("file").write("")
            for folder in ["\(path)/file", "\(path)/file/below"] {
                #expect(throws: FolderWriter.Problem.isFile("\(path)/file")) {
                    try FolderWriter.write([SetupFile("a", "")], into: folder)
                }
            }
            _ = try host.folder.makeFolder("a")
            for force in [false, true] {
                #expect(throws: FolderWriter.Problem.isFolder(["\(path)/a"])) {
                    try FolderWriter.write([SetupFile("b", ""), SetupFile("a", "")], into: path, force: force)
                }
            }
            #expect(try content(of: host.folder).keys.sorted() == ["a", "file"])
            #expect {
                try FolderWriter.write([SetupFile("a", "")], into: "/proc/x")
            } throws: { "\($0)".hasPrefix("/proc/x: ") && "\($0)".contains("--into") }
        }
    }

    @Test(arguments: [false, true])
    func `what cannot be written undoes the rest`(force: Bool) async throws {
        try await TestHost.run { host in
            // A file where a folder is needed, for the last of them.
            try host.folder.file("blocked").write("")
            let files = Self.files + [SetupFile("blocked/file", "")]
            #expect {
                try FolderWriter.write(files, into: host.folder.path, force: force)
            } throws: { error in
                "\(error)".contains("blocked") && "\(error)".contains("nothing was written")
            }
            let left = try content(of: host.folder)
            #expect(Set(left.keys) == ["blocked", "tailwart"], "a folder may be left, a file may not")
        }
    }
}
