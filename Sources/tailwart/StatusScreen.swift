import Glibc
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartWire

/// `tailwart status --watch`: the terminal shows the edge as it is, once a second, until somebody leaves.
struct StatusScreen {
    private let edge: EdgeOptions

    init(_ edge: EdgeOptions) { self.edge = edge }

    func run() async throws {
        guard let terminal = Terminal() else {
            throw Failure.notDone("--watch needs a terminal. Without one, ask with 'tailwart status' again and again.")
        }
        // Before the screen is taken: what is wrong then stands where it is read.
        var view = StatusView(try await snapshot())
        terminal.enter()
        defer { terminal.leave() }
        while true {
            terminal.show(view.lines(height: terminal.size.rows))
            switch terminal.wait(milliseconds: 1000) {
            case .left: return
            case .resized: continue
            case .time: break
            }
            do {
                view.take(try await snapshot())
            } catch let failure as Failure {
                view.lost(failure.message)
            }
        }
    }

    private func snapshot() async throws -> StatusView.Snapshot {
        let status = try await edge.ask("/status", within: .seconds(5))
        let busiest = try await edge.ask("/connections?sort=bytes&limit=20", within: .seconds(5))
        guard status.status == 200, busiest.status == 200 else { throw Failure.notDone(status.problemText) }
        return StatusView.Snapshot(status: status.json, busiest: busiest.json, at: Clock.monotonic())
    }
}
