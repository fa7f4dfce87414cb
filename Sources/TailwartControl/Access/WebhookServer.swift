import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartWire

/// Listens for Stalwart's webhook where the file says.
final class WebhookServer: Sendable {
    /// Microseconds before it is said again that somebody came without a good signature.
    private static let silence: UInt64 = 10 * 60 * 1_000_000

    private struct State {
        var settings: BanSettings.Webhook?
        /// Since when nothing was said of signatures and keys; in microseconds.
        var silentSince: UInt64?
    }

    private let keeper: BanKeeper
    private let ledger: Ledger
    private let state = Mutex(State())
    private let server: InnerServer

    init(_ settings: BanSettings.Webhook?, of keeper: BanKeeper, ledger: Ledger) throws(SystemError) {
        self.keeper = keeper
        self.ledger = ledger
        server = try InnerServer(name: "webhook")
        serve(settings)
    }

    /// The file says this now.
    func serve(_ settings: BanSettings.Webhook?) {
        let isNew = state.withLock { state in
            defer { state.settings = settings }
            return state.settings != settings
        }
        guard isNew else { return }
        do throws(SystemError) {
            try server.serve(settings.map(service))
        } catch {
            ledger.post(.bansFailed("the webhook cannot be listened for: \(error)"))
        }
    }

    func stop() { server.stop() }

    private func service(_ settings: BanSettings.Webhook) -> InnerServer.Service {
        let webhook = AdminWebhook(
            key: { self.key(settings.keyFile) }, take: { self.keeper.webhook($0) },
            refused: {
                self.sayNowAndThen(
                    "somebody sent a webhook whose signature is not good",
                    fix: "set the key of \(settings.keyFile) as signatureKey in Stalwart")
            })
        return InnerServer.Service(listen: [settings.listen]) { listeners in
            try AdminServer(webhook, at: listeners)
        } failed: { [ledger] words in
            ledger.post(
                .bansFailed(
                    "the webhook cannot be listened for on \(settings.listen): \(words)",
                    fix: "stop what is on that port, or choose another with 'bans.webhook.listen'"))
        }
    }

    /// Read anew each time, so that a key can be changed while the edge runs.
    private func key(_ path: String) -> [UInt8]? {
        do throws(KeyFile.Fault) {
            return try KeyFile.read(path)
        } catch {
            sayNowAndThen("the webhook's signature cannot be checked: \(error)", fix: nil)
            return nil
        }
    }

    private func sayNowAndThen(_ failure: String, fix: String?) {
        let now = Clock.monotonic()
        let isDue = state.withLock { state in
            if let since = state.silentSince, now < since + Self.silence { return false }
            state.silentSince = now
            return true
        }
        if isDue { ledger.post(.bansFailed(failure, fix: fix)) }
    }
}

/// A file with a secret that is a key and nothing else.
enum KeyFile {
    /// Bytes.
    private static let limit = 4096

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Without white space at its end.
    static func read(_ path: String) throws(Fault) -> [UInt8] {
        guard FileSystem.isForEverybody(path) != true else {
            throw Fault(
                description: "\(path) can be read by everybody on this host, and holds a secret: chmod o= \(path)")
        }
        let bytes: [UInt8]
        switch FileSystem.read(path, limit: limit) {
        case .bytes(let content): bytes = content
        case .notRegular: throw Fault(description: "\(path) is not a regular file")
        case .failure(let error): throw Fault(description: "\(path) cannot be read: \(error)")
        }
        guard bytes.count <= limit else { throw Fault(description: "\(path) has more than \(limit) bytes") }
        let blank = bytes.reversed().prefix { [0x09, 0x0a, 0x0d, 0x20].contains($0) }.count
        guard blank < bytes.count else { throw Fault(description: "\(path) is empty") }
        return Array(bytes.dropLast(blank))
    }
}
