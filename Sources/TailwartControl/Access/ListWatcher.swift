import NIOCore
import Synchronization
import TailwartClient
import TailwartCore
import TailwartSystem
import TailwartWire

/// Does what ``ListBook`` says: watches and reads files on a thread of its own, has URLs fetched aside, and makes the tables that workers ask.
final class ListWatcher: Sendable {
    private struct State {
        var inbox: [ListBook.Event] = []
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
        var kept = KeptLists(beside: nil)
        /// What is to be kept, and was not written yet.
        var fetched: [NoticeURL: [UInt8]] = [:]
        var isStopped = false
        var thread: Thread?
    }

    /// Bytes of a list: a million IPv6 networks with a comment each.
    static let sizeLimit = 64 << 20
    /// For a server with all of its addresses, to the last byte.
    private static let fetchLimit = Duration.seconds(5 * 60)

    private let ledger: Ledger
    private let publish: @Sendable (AccessLists) -> Void
    private let state = Mutex(State())
    private let web = WebClient()
    /// Rung when there is something to take.
    private let news: Waker

    /// - Parameter publish: takes the lists that hold from now on; called on the thread of the watcher.
    init(ledger: Ledger, publish: @escaping @Sendable (AccessLists) -> Void) throws(SystemError) {
        self.ledger = ledger
        self.publish = publish
        news = try Waker()
    }

    /// Keeps these from now on. There is no thread before there is a list.
    ///
    /// - Parameter file: beside which copies are kept of what is fetched, so that it holds from the start; nil: none are.
    func serve(_ lists: [NetworkList], keptBeside file: String? = nil) throws(SystemError) {
        let kept = KeptLists(beside: file)
        kept.keepOnly(lists.compactMap(\.url))
        try state.withLock { state throws(SystemError) in
            state.kept = kept
            guard state.thread != nil || !lists.isEmpty, !state.isStopped else { return }
            state.inbox.append(.serves(lists))
            if state.thread == nil { state.thread = try Thread(name: "lists") { self.run() } }
        }
        news.ring()
    }

    /// Ends what is under way.
    func stop() {
        let thread = state.withLock { state in
            state.isStopped = true
            for task in state.tasks.values { task.cancel() }
            return state.thread.take()
        }
        news.ring()
        thread?.join()
    }

    private func give(_ event: ListBook.Event) {
        state.withLock { $0.inbox.append(event) }
        news.ring()
    }

    // MARK: - the thread

    private func run() {
        do throws(SystemError) {
            var watch = try FileWatch()
            defer { watch.close() }
            run { effect in
                switch effect {
                case .watch(let path): (try? watch.watch(path)) == nil ? [.unwatched(path)] : []
                case .forget(let path): forget(path, &watch)
                default: perform(effect)
                }
            } wait: { deadline in
                guard watch.wait(until: deadline, or: news) == .changed else { return [] }
                let changed = watch.take()
                return [.changed(changed)] + changed.filter { !watch.isWatched($0) }.map { .unwatched($0) }
            }
        } catch {
            // The host's watches are used up (fs.inotify.max_user_instances): files are looked at now and then.
            run { effect in
                if case .watch(let path) = effect { [.unwatched(path)] } else { perform(effect) }
            } wait: { deadline in
                let now = Clock.monotonic()
                news.wait(timeout: deadline.map { CInt(clamping: ($0 - min(now, $0)) / 1000 + 1) } ?? -1)
                return []
            }
        }
    }

    private func forget(_ path: String, _ watch: inout FileWatch) -> [ListBook.Event] {
        watch.forget(path)
        return []
    }

    /// - Parameters:
    ///   - perform: answers with what came of it at once.
    ///   - wait: until a time in microseconds on the monotonic clock, or a ring; answers with what has changed.
    private func run(
        perform: (ListBook.Effect) -> [ListBook.Event], wait: (UInt64?) -> [ListBook.Event]
    ) {
        var book = ListBook()
        var events: [ListBook.Event] = []
        while true {
            let (inbox, isStopped) = state.withLock { state in
                defer { state.inbox = [] }
                return (state.inbox, state.isStopped)
            }
            guard !isStopped else { return }
            events += inbox.isEmpty && events.isEmpty ? [.tick] : inbox
            while !events.isEmpty {
                let event = events.removeFirst()
                for effect in book.take(event, now: .now, jitter: { Double.random(in: 0...1) }) {
                    events += perform(effect)
                }
            }
            let pause = book.nextDue.map { ContinuousClock.now.duration(to: $0) }
            keep()
            events = wait(pause.map { Clock.monotonic() + UInt64(max(0, $0 / .microseconds(1))) + 1 })
        }
    }

    /// Here, since a disk may take its time, and tasks share their threads with probes.
    private func keep() {
        let (kept, fetched) = state.withLock { state in
            defer { state.fetched = [:] }
            return (state.kept, state.fetched)
        }
        for (url, bytes) in fetched { kept.write(bytes, of: url) }
    }

    private func perform(_ effect: ListBook.Effect) -> [ListBook.Event] {
        switch effect {
        case .watch, .forget: break
        case .read(let path): return [.got(.file(path), Self.read(path))]
        case .fetch(let url, let validator): fetch(url, validator)
        case .recall(let url):
            if let bytes = state.withLock(\.kept).read(url) {
                return [.kept(url, NetworkListText.parse(bytes.span))]
            }
        case .publish(let lists):
            publish(AccessLists(lists, seed: (.random(in: 0...UInt64.max), .random(in: 0...UInt64.max))))
        case .say(let event): ledger.post(event)
        }
        return []
    }

    private static func read(_ path: String) -> ListBook.Outcome {
        switch FileSystem.read(path, limit: sizeLimit) {
        case .bytes(let bytes) where bytes.count > sizeLimit: .failed("\(path) is larger than \(sizeLimit >> 20) MiB")
        case .bytes(let bytes): .read(NetworkListText.parse(bytes.span))
        case .notRegular: .failed("\(path) is not a regular file")
        case .failure(let error): .failed("\(path) cannot be read: \(error)")
        }
    }

    // MARK: - a server

    private func fetch(_ url: NoticeURL, _ validator: ListBook.Validator?) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.started += 1
            let number = state.started
            state.tasks[number] = Task {
                let outcome = await self.answer(of: url, validator)
                self.state.withLock { $0.tasks[number] = nil }
                self.give(.got(.url(url), outcome))
            }
        }
    }

    private func answer(of url: NoticeURL, _ validator: ListBook.Validator?) async -> ListBook.Outcome {
        var fields = [("User-Agent", "tailwart/\(Version.current.version)"), ("Accept", "*/*")]
        if let etag = validator?.etag { fields.append(("If-None-Match", etag)) }
        if let time = validator?.lastModified { fields.append(("If-Modified-Since", time)) }
        let question = HTTPQuestion(url.target, host: url.hostField, fields: fields)
        do throws(WebClient.Failure) {
            let answer = try await web.ask(
                question, of: url, within: WebClient.Limits(time: Self.fetchLimit, bytes: Self.sizeLimit))
            switch answer.status {
            case 200:
                let reading = NetworkListText.parse(answer.body.readableBytesUInt8Span)
                if !reading.networks.isEmpty {
                    state.withLock { if $0.kept.isOn { $0.fetched[url] = Array(answer.body.readableBytesView) } }
                }
                return .read(reading, ListBook.Validator(etag: answer.etag, lastModified: answer.lastModified))
            case 304 where validator != nil: return .unchanged
            case 300..<400: return .failed("\(url.origin) answers with \(answer.status): write the address it leads to")
            default: return .failed("\(url.origin) answers with \(answer.status)")
            }
        } catch {
            return .failed("\(error)")
        }
    }
}
