import Foundation
import Glibc
import TailwartSystem
import Testing

@Suite struct FileWatchTests {
    /// A folder with a file that is watched.
    fileprivate final class Fixture {
        let folder: String
        let path: String

        init() throws {
            var template = Array("/tmp/tailwart-watch-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            path = "\(folder)/list.txt"
            try write("1")
        }

        func write(_ text: String, to name: String = "list.txt") throws {
            // Not atomically: in place.
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }

        func link(_ name: String, to target: String) throws {
            try #require(symlink(target, "\(folder)/\(name)") == 0)
        }

        func move(_ name: String, to other: String) throws {
            try #require(rename("\(folder)/\(name)", "\(folder)/\(other)") == 0)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private func expect(
        _ watch: inout FileWatch, takes paths: Set<String>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var found = watch.take()
        // A process that another test starts in this moment has the file open too, until it is on its way: only then it is closed.
        let deadline = Clock.monotonic() + 60_000_000
        while !found.isSuperset(of: paths), let silence = try? Waker(),
            watch.wait(until: deadline, or: silence) == .changed
        {
            found.formUnion(watch.take())
        }
        #expect(found == paths, sourceLocation: sourceLocation)
    }

    enum Change: String, CaseIterable, Sendable {
        case writtenInPlace, renamedOver, removed, linkedOver, hardLinkedOver

        fileprivate func make(_ fixture: Fixture) throws {
            switch self {
            case .writtenInPlace: try fixture.write("2")
            case .renamedOver:
                try fixture.write("2", to: ".list.txt.swp")
                try fixture.move(".list.txt.swp", to: "list.txt")
            case .removed: unlink(fixture.path)
            case .linkedOver:
                try fixture.write("2", to: "other")
                try fixture.link("link", to: "other")
                try fixture.move("link", to: "list.txt")
            case .hardLinkedOver:
                try fixture.write("2", to: "other")
                unlink(fixture.path)
                try #require(link("\(fixture.folder)/other", fixture.path) == 0)
            }
        }
    }

    @Test(arguments: Change.allCases)
    func `a file that became another is noticed once, and one beside it is not`(change: Change) throws {
        let fixture = try Fixture()
        let waker = try Waker()
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        try fixture.write("beside", to: "beside.txt")
        #expect(watch.wait(until: nil, or: waker) == .changed)
        expect(&watch, takes: [])
        try change.make(fixture)
        #expect(watch.wait(until: nil, or: waker) == .changed)
        expect(&watch, takes: [fixture.path])
        expect(&watch, takes: [])
        #expect(watch.wait(until: Clock.monotonic(), or: waker) == .time)
    }

    @Test func `a file that is removed and comes back is noticed both times`() throws {
        let fixture = try Fixture()
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        unlink(fixture.path)
        expect(&watch, takes: [fixture.path])
        let isWatched = watch.isWatched(fixture.path)
        #expect(isWatched)
        try fixture.write("2")
        expect(&watch, takes: [fixture.path])
        try fixture.write("3")
        expect(&watch, takes: [fixture.path])
    }

    @Test func `a file that is not there yet is noticed when it comes`() throws {
        let fixture = try Fixture()
        unlink(fixture.path)
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        expect(&watch, takes: [])
        try fixture.write("1")
        expect(&watch, takes: [fixture.path])
    }

    @Test func `a file that is still being written is noticed when it is whole`() throws {
        let fixture = try Fixture()
        unlink(fixture.path)
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        let writer = open(fixture.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(writer >= 0)
        #expect(write(writer, "1\n", 2) == 2)
        // It is another file, since there was none.
        _ = watch.take()
        #expect(write(writer, "2\n", 2) == 2)
        expect(&watch, takes: [])
        close(writer)
        expect(&watch, takes: [fixture.path])
    }

    /// `list.txt` leads to `..data/list.txt`, and `..data` to a folder of its own for each version.
    @Test func `a volume of Kubernetes is noticed to change, again and again`() throws {
        let fixture = try Fixture()
        unlink(fixture.path)
        func publish(_ version: Int) throws {
            try #require(mkdir("\(fixture.folder)/..\(version)", 0o755) == 0)
            try fixture.write("\(version)", to: "..\(version)/list.txt")
            try fixture.link("..data_tmp", to: "..\(version)")
            try fixture.move("..data_tmp", to: "..data")
            if version > 1 { try FileManager.default.removeItem(atPath: "\(fixture.folder)/..\(version - 1)") }
        }
        try publish(1)
        try fixture.link("list.txt", to: "..data/list.txt")
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        for version in 2...4 {
            try publish(version)
            expect(&watch, takes: [fixture.path])
            #expect(try String(contentsOfFile: fixture.path, encoding: .utf8) == "\(version)")
        }
        expect(&watch, takes: [])
    }

    @Test func `a link into another folder is followed there`() throws {
        let fixture = try Fixture()
        let elsewhere = try Fixture()
        unlink(fixture.path)
        try fixture.link("list.txt", to: elsewhere.path)
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        try elsewhere.write("2")
        expect(&watch, takes: [fixture.path])
    }

    @Test func `a folder that is not there is an error, and one that goes is told`() throws {
        let fixture = try Fixture()
        var watch = try FileWatch()
        defer { watch.close() }
        let missing = "\(fixture.folder)/none/list.txt"
        do {
            try watch.watch(missing)
            Issue.record("watched in a folder that does not exist")
        } catch {
            #expect(error.errno == .noEntry)
        }
        var isWatched = watch.isWatched(missing)
        #expect(!isWatched)
        try #require(mkdir("\(fixture.folder)/none", 0o755) == 0)
        try watch.watch(missing)
        try FileManager.default.removeItem(atPath: "\(fixture.folder)/none")
        expect(&watch, takes: [missing])
        isWatched = watch.isWatched(missing)
        #expect(!isWatched)
    }

    @Test func `several files of one folder are told apart, and a forgotten one is not told`() throws {
        let fixture = try Fixture()
        try fixture.write("1", to: "b")
        try fixture.write("1", to: "c")
        var watch = try FileWatch()
        defer { watch.close() }
        let (b, c) = ("\(fixture.folder)/b", "\(fixture.folder)/c")
        for path in [fixture.path, b, c] { try watch.watch(path) }
        watch.forget(c)
        try fixture.write("2", to: "b")
        try fixture.write("2", to: "c")
        expect(&watch, takes: [b])
        watch.forget(b)
        watch.forget(fixture.path)
        try fixture.write("3", to: "b")
        expect(&watch, takes: [])
    }

    @Test func `a ring ends the wait, and goes before a change`() throws {
        let fixture = try Fixture()
        let waker = try Waker()
        var watch = try FileWatch()
        defer { watch.close() }
        try watch.watch(fixture.path)
        try fixture.write("2")
        waker.ring()
        #expect(watch.wait(until: nil, or: waker) == .rung)
        #expect(watch.wait(until: nil, or: waker) == .changed)
    }
}
