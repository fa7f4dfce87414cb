import Glibc
import TailwartAdmin
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// The commands' way to a running edge.
@Suite(.ownThreads) struct AdminClientTests {
    private func failure(_ path: String, within time: Duration = .milliseconds(500)) async -> AdminClient.Failure? {
        do throws(AdminClient.Failure) {
            _ = try await AdminClient(path: path).ask("/status", within: time)
            return nil
        } catch {
            return error
        }
    }

    @Test func `an edge is asked, and told`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let edge = FakeEdge()
        let order = try ListeningSocket(unixPath: folder.file("a.sock").path, permissions: 0o660)
        let server = try AdminServer(edge.view, at: [AdminListener(order)])
        let client = AdminClient(path: folder.file("a.sock").path)
        let status = try await client.ask("/status")
        #expect(status.status == 200 && status.json["version"]?.text == "tailwart 1")
        #expect(try await client.ask("/drain?for=\("1m".queryEncoded)", isOrder: true).status == 200)
        #expect(edge.orders == ["drain 1m"])
        server.stop()
        #expect(await failure(folder.file("a.sock").path) == .missing)
    }

    @Test func `why there is no answer is told apart`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        #expect(await failure(folder.file("none").path) == .missing)
        #expect(await failure(folder.file("none/none").path) == .missing)
        let silent = try TestListener(unixPath: folder.file("silent").path)
        #expect(await failure(folder.file("silent").path) == .silent(.milliseconds(500)))
        silent.close()
        let leaving = try TestListener(unixPath: folder.file("leaving").path)
        let edge = try Thread(name: "leaving") { try? leaving.accept().close() }
        #expect(await failure(folder.file("leaving").path, within: .seconds(60)) == .closed)
        edge.join()
        leaving.close()
    }
}
