import NIOCore
import Synchronization
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartWire

/// Follows the decisions of CrowdSec's local API, as CrowdSec's own bouncers do: does what ``CrowdSecFeed`` says.
final class CrowdSecFollower: Sendable {
    /// With all of the server's addresses, to the last byte.
    private static let timeLimit = Duration.seconds(60)

    private struct State {
        var settings: BanSettings.CrowdSec?
        /// Counts the settings: what was asked for by those before does not count any more.
        var number = 0
        var task: Task<Void, Never>?
    }

    private let keeper: BanKeeper
    private let ledger: Ledger
    /// In place of ``CrowdSecFeed/pause``.
    private let pause: Duration?
    private let state = Mutex(State())

    init(of keeper: BanKeeper, ledger: Ledger, pause: Duration? = nil) {
        self.keeper = keeper
        self.ledger = ledger
        self.pause = pause
    }

    /// The file says this now. Of a CrowdSec that is not followed any more, nobody could take back what it said; so that is over.
    func serve(_ settings: BanSettings.CrowdSec?) {
        state.withLock { state in
            guard settings != state.settings else { return }
            let number = Self.change(to: settings, &state)
            state.task = settings.map { settings in Task { await self.follow(settings, number) } }
            if settings == nil { keeper.give(CrowdSecAnswer().events(insteadOf: keeper.book)) }
        }
    }

    /// What it said holds until it is over by itself.
    func stop() { state.withLock { _ = Self.change(to: nil, &$0) } }

    private static func change(to settings: BanSettings.CrowdSec?, _ state: inout State) -> Int {
        state.task.take()?.cancel()
        state.settings = settings
        state.number += 1
        return state.number
    }

    private func follow(_ settings: BanSettings.CrowdSec, _ number: Int) async {
        let web = WebClient()
        var feed = CrowdSecFeed(settings.url)
        while !Task.isCancelled {
            let question = feed.question(now: .now)
            let body = await ask(question, settings, web)
            guard !Task.isCancelled else { return }
            // A hundred thousand decisions take their time; nobody else is to wait for a thread.
            let asked = feed
            let next = try? await Thread.run(name: "crowdsec") { self.take(body, asked, number) }
            feed = next ?? take(body, asked, number)
            try? await Task.sleep(for: pause ?? feed.pause)
        }
    }

    private func take(_ body: Result<ByteBuffer, CrowdSecFeed.Failure>, _ asked: CrowdSecFeed, _ number: Int)
        -> CrowdSecFeed
    {
        var feed = asked
        let answer = body.flatMap { body in
            Result { () throws(CrowdSecAnswer.Failure) in try CrowdSecAnswer.read(body.readableBytesUInt8Span) }
                .mapError { CrowdSecFeed.Failure(.answer, $0.sentence) }
        }
        state.withLock { state in
            guard state.number == number else { return }
            let (events, said) = feed.take(answer, book: keeper.book, now: .now)
            if !events.isEmpty { keeper.give(events) }
            if let said { ledger.post(said) }
        }
        return feed
    }

    private func ask(
        _ question: String, _ settings: BanSettings.CrowdSec, _ web: WebClient
    ) async -> Result<ByteBuffer, CrowdSecFeed.Failure> {
        let url = settings.url
        let path = url.target.prefix { $0 != "?" }
        let target = (path.hasSuffix("/") ? path.dropLast() : path) + question
        do {
            let key = try Self.key(settings.keyFile)
            let question = HTTPQuestion(
                String(target), host: url.hostField,
                fields: [
                    ("User-Agent", "tailwart/\(Version.current.version)"), ("Accept", "application/json"),
                    ("X-Api-Key", key),
                ])
            let answer = try await web.ask(
                question, of: url, within: WebClient.Limits(time: Self.timeLimit, bytes: CrowdSecAnswer.byteLimit))
            switch answer.status {
            case 200: return .success(answer.body)
            case 401, 403:
                let words =
                    "\(url.origin) does not know the key in \(settings.keyFile) (\(answer.status)): make one with "
                    + "`cscli bouncers add`, one for each edge"
                return .failure(CrowdSecFeed.Failure(.key, words))
            default: return .failure(CrowdSecFeed.Failure(.answer, "\(url.origin) answers with \(answer.status)"))
            }
        } catch let fault as KeyFile.Fault {
            return .failure(CrowdSecFeed.Failure(.key, fault.description))
        } catch {
            return .failure(CrowdSecFeed.Failure(.away, "\(error)"))
        }
    }

    /// Read anew each time, so that it can be changed while the edge runs.
    private static func key(_ path: String) throws(KeyFile.Fault) -> String {
        let bytes = try KeyFile.read(path)
        guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw KeyFile.Fault(description: "\(path) has more than a key in it")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
