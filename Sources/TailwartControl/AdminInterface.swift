package import TailwartAdmin
package import TailwartCore
import TailwartSystem

/// Where the running edge is asked: at once on its Unix socket and on addresses that the file names, and as soon as this host has them on its own in the
/// tailnet.
package final class AdminInterface: Sendable {
    private let server: AdminServer?
    private let inner: InnerServer

    /// - Parameter replaces: the path is taken over from the process whose sockets this one has.
    package init(
        _ settings: AdminSettings, answering view: AdminView, ledger: Ledger, replaces: Bool = false
    ) throws {
        let inner = try InnerServer(name: "admin")
        let listeners = try AdminListener.open(settings, ledger: ledger, replaces: replaces)
        let server = listeners.isEmpty ? nil : try AdminServer(view, at: listeners)
        (self.server, self.inner) = (server, inner)
        let tailnet = settings.listen.filter { if case .tailnet = $0 { true } else { false } }
        guard !tailnet.isEmpty else { return }
        let service = InnerServer.Service(listen: tailnet) { listeners in
            try AdminServer(view, at: listeners)
        } failed: { words in
            ledger.post(.adminUnavailable(socket: tailnet.map { "\($0)" }.joined(separator: ", "), failure: words))
        }
        do {
            try inner.serve(service)
        } catch {
            server?.stop()
            throw error
        }
    }

    /// Answers what was asked, and closes all.
    package func stop() {
        inner.stop()
        server?.stop()
    }
}
