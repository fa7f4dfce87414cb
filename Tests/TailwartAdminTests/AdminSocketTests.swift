import Foundation
import Glibc
import TailwartAdmin
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// The socket's file, and who may do what over it.
@Suite(.ownThreads) struct AdminSocketTests {
    private func inFolder(_ body: (TemporaryFolder) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try body(folder)
    }

    private func names(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func failure(_ path: String) -> SystemError? {
        do throws(SystemError) {
            var socket = try ListeningSocket(unixPath: path, permissions: 0o660)
            socket.close()
            return nil
        } catch {
            return error
        }
    }

    @Test func `it has its mode from the first moment, and goes when it is closed`() throws {
        try inFolder { folder in
            let path = folder.file("a.sock").path
            var socket = try ListeningSocket(unixPath: path, permissions: 0o660)
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o7777 == 0o660)
            #expect(socket.group == status.st_gid)
            #expect(try names(folder) == ["a.sock"], "no other name is left")
            socket.close()
            #expect(try names(folder).isEmpty)
        }
    }

    @Test func `one that is in use is not stolen`() throws {
        try inFolder { folder in
            let path = folder.file("a.sock").path
            var socket = try ListeningSocket(unixPath: path, permissions: 0o660)
            #expect(failure(path)?.errno == .addressInUse)
            let client = try TestSocket.connect(unixPath: path)
            client.close()
            #expect(try names(folder) == ["a.sock"])
            socket.close()
        }
    }

    @Test func `one that was left behind is replaced, and another file is not`() throws {
        try inFolder { folder in
            let path = folder.file("a.sock").path
            var left = try Socket.stream(family: AF_UNIX)
            // As of a process that was killed.
            let other = try TestListener(unixPath: folder.file("b.sock").path)
            try FileManager.default.linkItem(atPath: folder.file("b.sock").path, toPath: path)
            other.close()
            left.close()
            #expect(failure(path)?.errno == nil)
            try folder.file("c").write("precious")
            #expect(failure(folder.file("c").path)?.errno == .addressInUse)
            #expect(!BindAddress.unix(path: folder.file("c").path).isFreeOrSocket)
            #expect(folder.file("c").text == "precious")
        }
    }

    @Test func `what has taken its place is left there`() throws {
        try inFolder { folder in
            let path = folder.file("a.sock").path
            var first = try ListeningSocket(unixPath: path, permissions: 0o660)
            try FileManager.default.removeItem(atPath: path)
            var second = try ListeningSocket(unixPath: path, permissions: 0o660)
            first.close()
            let client = try TestSocket.connect(unixPath: path)
            client.close()
            second.close()
        }
    }

    @Test func `a folder that is not there and a path that is too long are errors`() throws {
        try inFolder { folder in
            let missing = failure("\(folder.path)/none/a.sock")
            #expect(missing?.call == "open" && missing?.errno == .noEntry)
            let long = folder.file(String(repeating: "a", count: 100)).path
            let tooLong = failure(long)
            #expect(tooLong?.call == "bind" && tooLong?.errno.rawValue == ENAMETOOLONG)
        }
    }

    @Test func `whoever may open it may ask, and only who belongs to its group may give orders`() throws {
        try withAdmin { admin in
            var status = stat()
            #expect(stat(admin.path, &status) == 0)
            let folder = String(admin.path.prefix { $0 != "\0" }.dropLast("/admin.sock".count))
            chmod(folder, 0o755)
            func ask(_ user: [String], _ target: String, isOrder: Bool) throws -> String {
                let curl = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", admin.path]
                let method = isOrder ? ["-X", "POST"] : []
                let process = Process()
                process.executableURL = URL(filePath: "/usr/bin/env")
                process.arguments = ["setpriv"] + user + curl + method + ["http://localhost\(target)"]
                let pipe = Pipe()
                process.standardOutput = pipe
                process.standardError = FileHandle.nullDevice
                try process.run()
                process.waitUntilExit()
                return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            }
            let stranger = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
            let member = ["--reuid", "65534", "--regid", "65534", "--groups", "\(status.st_gid)"]
            let order = "/log-level?level=info"
            let outside = try ask(stranger, "/livez", isOrder: false)
            #expect(outside == "000", "the file keeps strangers out")
            let ofMember = [try ask(member, "/livez", isOrder: false), try ask(member, order, isOrder: true)]
            #expect(ofMember == ["200", "200"])
            chmod(admin.path, 0o666)
            let ofStranger = [try ask(stranger, "/status", isOrder: false), try ask(stranger, order, isOrder: true)]
            #expect(ofStranger == ["200", "403"])
            #expect(admin.edge.orders == ["level info"])
        }
    }

    @Test func `over TCP questions are answered, and orders are not`() throws {
        try withAdmin { admin in
            func ask(_ method: String, _ target: String, host: String) throws -> Admin.Answer {
                let text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
                return try #require(try admin.ask(text, over: try TestSocket.connect(to: admin.tcp)).first)
            }
            #expect(try ask("GET", "/status", host: "\(admin.tcp)").status == 200)
            #expect(try ask("GET", "/status", host: "edge.example.org:9025").status == 200)
            #expect(try ask("GET", "/status", host: "evil.example.org").status == 421)
            #expect(try ask("GET", "/status", host: "192.0.2.1").status == 421)
            let order = try ask("POST", "/drain", host: "localhost")
            #expect(order.status == 403 && order.body.contains("the admin interface is read-only over TCP"))
            #expect(admin.edge.orders.isEmpty)
        }
    }
}
