import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartWire

/// Listens for Stalwart's webhook where the file says, and follows this host's addresses in the tailnet. On a thread of its own, since it may wait
/// for tailscaled, and for the end of what is answered.
final class WebhookServer: Sendable {
    /// Milliseconds between two looks at this host's addresses.
    private static let pause: CInt = 60_000
    /// The same while there is nothing to listen on, as before tailscaled has started.
    private static let shortPause: CInt = 2000
    /// Microseconds before it is said again that somebody came without a good signature.
    private static let silence: UInt64 = 10 * 60 * 1_000_000

    private struct State {
        var settings: BanSettings.Webhook?
        /// Since when nothing was said of signatures and keys; in microseconds.
        var silentSince: UInt64?
        var isStopped = false
        var thread: Thread?
    }

    private let keeper: BanKeeper
    private let ledger: Ledger
    private let state: Mutex<State>
    private let news: Waker

    init(_ settings: BanSettings.Webhook?, of keeper: BanKeeper, ledger: Ledger) throws(SystemError) {
        self.keeper = keeper
        self.ledger = ledger
        news = try Waker()
        state = Mutex(State(settings: settings))
        if settings != nil { try start() }
    }

    /// The file says this now.
    func serve(_ settings: BanSettings.Webhook?) {
        let starts = state.withLock { state in
            state.settings = settings
            return settings != nil && state.thread == nil && !state.isStopped
        }
        do throws(SystemError) {
            if starts { try start() }
        } catch {
            ledger.post(.bansFailed("the webhook cannot be listened for: \(error)"))
        }
        news.ring()
    }

    func stop() {
        let thread = state.withLock { state in
            state.isStopped = true
            return state.thread.take()
        }
        news.ring()
        thread?.join()
    }

    private func start() throws(SystemError) {
        let thread = try Thread(name: "webhook") { self.run() }
        state.withLock { $0.thread = thread }
    }

    // MARK: - the thread

    private func run() {
        var server: AdminServer?
        var served: (settings: BanSettings.Webhook, addresses: [InternetAddress])?
        /// What kept it from listening when it last tried, and whether that was said.
        var failure: (words: String, isSaid: Bool)?
        while true {
            let (settings, isStopped) = state.withLock { ($0.settings, $0.isStopped) }
            guard !isStopped else {
                server?.stop()
                return
            }
            let addresses = settings.map { $0.listen.addresses } ?? []
            if served.map({ $0.settings != settings || $0.addresses != addresses }) ?? !addresses.isEmpty {
                server?.stop()
                (server, served) = (nil, nil)
                if let settings, !addresses.isEmpty {
                    do {
                        server = try open(settings, addresses)
                        (served, failure) = ((settings, addresses), nil)
                    } catch {
                        let words = "\(error)"
                        // Not at once: a process that hands over lets go of the port in a moment.
                        let isSaid = failure?.words == words && failure?.isSaid ?? false
                        if let failure, failure.words == words, !isSaid {
                            ledger.post(
                                .bansFailed(
                                    "the webhook cannot be listened for on \(settings.listen): \(words)",
                                    fix: "stop what is on that port, or choose another with 'bans.webhook.listen'"))
                        }
                        failure = (words, isSaid || failure?.words == words)
                    }
                }
            }
            let isWaiting = settings != nil && served == nil
            news.wait(timeout: isWaiting ? Self.shortPause : settings == nil ? -1 : Self.pause)
        }
    }

    private func open(_ settings: BanSettings.Webhook, _ addresses: [InternetAddress]) throws -> AdminServer {
        var listeners: [AdminListener] = []
        for address in addresses { listeners.append(AdminListener(try ListeningSocket(address))) }
        let webhook = AdminWebhook(
            key: { self.key(settings.keyFile) }, take: { self.keeper.webhook($0) },
            refused: {
                self.sayNowAndThen(
                    "somebody sent a webhook whose signature is not good",
                    fix: "set the key of \(settings.keyFile) as signatureKey in Stalwart")
            })
        return try AdminServer(webhook, at: listeners)
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

extension InnerAddress {
    /// On which this host can listen now.
    fileprivate var addresses: [InternetAddress] {
        switch self {
        case .internet(let address): [address]
        case .tailnet(let port):
            InterfaceAddresses.all().filter(\.isOfTailnet).withoutRepeats.map { InternetAddress($0, port: port) }
        }
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
        case .notRegular: throw Fault(description: "\(path) is no regular file")
        case .failure(let error): throw Fault(description: "\(path) cannot be read: \(error)")
        }
        guard bytes.count <= limit else { throw Fault(description: "\(path) has more than \(limit) bytes") }
        let blank = bytes.reversed().prefix { [0x09, 0x0a, 0x0d, 0x20].contains($0) }.count
        guard blank < bytes.count else { throw Fault(description: "\(path) is empty") }
        return Array(bytes.dropLast(blank))
    }
}
