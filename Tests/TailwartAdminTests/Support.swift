import Glibc
import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire

/// An edge of a test, as the admin interface sees it: what it is told to do, and what it answers.
final class FakeEdge: Sendable {
    struct State {
        var orders: [String] = []
        var notReady: String?
        var filters: [ConnectionFilter] = []
        var feeds: [FakeFeed] = []
        /// By the readers of events.
        var wanted: [RecordsWanted] = []
    }

    let state = Mutex(State())
    /// What each reader of events gets over and over; empty: nothing.
    let flood: String

    /// Called while an order to drain is carried out.
    private let whenDrained: @Sendable () -> Void

    private let bans: (any AdminBans)?

    init(flood: String = "", bans: (any AdminBans)? = nil, whenDrained: @escaping @Sendable () -> Void = {}) {
        self.flood = flood
        self.bans = bans
        self.whenDrained = whenDrained
    }

    var orders: [String] { state.withLock(\.orders) }
    var feeds: [FakeFeed] { state.withLock(\.feeds) }

    private func note(_ order: String) { state.withLock { $0.orders.append(order) } }

    var view: AdminView {
        AdminView(
            notReady: { self.state.withLock(\.notReady) },
            status: { CommandAnswer(isGood: true, problems: [], ["version": "tailwart 1", "state": "serving"]) },
            connections: { filter in
                self.state.withLock { $0.filters.append(filter) }
                var list = ConnectionList()
                list.isWhole = true
                return list
            },
            close: { id in
                self.note("close \(id)")
                return id == 1 ? true : id == 2 ? nil : false
            },
            drain: { limit in
                self.note("drain \(limit.map { $0.configurationText } ?? "")")
                self.whenDrained()
                return self.orders.count == 1
            },
            setLogLevel: { self.note("level \($0)") },
            reload: { isTrial in
                self.note("reload \(isTrial)")
                return CommandAnswer(isGood: isTrial, problems: [], [:])
            },
            probe: { upstreams, done in
                self.note((["probe"] + upstreams).joined(separator: " "))
                if upstreams == ["none"] { return .init(.error, "this edge has no upstream none") }
                let answer = CommandAnswer(isGood: upstreams.isEmpty, problems: [], ["places": .list([])])
                _ = try? Thread(name: "probe") { done(answer) }
                return nil
            },
            metrics: { "\($0)\n" },
            subscribe: { records, onNews in
                self.state.withLock { $0.wanted.append(records) }
                let feed = FakeFeed(self.flood, onNews)
                self.state.withLock { $0.feeds.append(feed) }
                return feed
            },
            hostNames: { ["edge.example.org"] }, bans: bans)
    }
}

final class FakeFeed: AdminFeed {
    struct State {
        var entries: [AdminFeedEntry]? = []
        var taken = 0
        var isClosed = false
    }

    let state = Mutex(State())
    private let flood: String
    private let onNews: @Sendable () -> Void

    init(_ flood: String, _ onNews: @escaping @Sendable () -> Void) {
        self.flood = flood
        self.onNews = onNews
    }

    /// Nil: there will be no more.
    func give(_ entry: AdminFeedEntry?) {
        state.withLock { state in
            if let entry { state.entries?.append(entry) } else { state.entries = nil }
        }
        onNews()
    }

    func take(atMost count: Int) -> [AdminFeedEntry]? {
        state.withLock { state in
            if !flood.isEmpty {
                state.taken += count
                return (0..<count).map { _ in AdminFeedEntry(name: "record", json: flood) }
            }
            defer { if state.entries != nil { state.entries = [] } }
            return state.entries
        }
    }

    func close() { state.withLock { $0.isClosed = true } }

    var isClosed: Bool { state.withLock(\.isClosed) }
    /// Entries that were asked for.
    var taken: Int { state.withLock(\.taken) }
}

/// A running interface.
struct Admin {
    let edge: FakeEdge
    let path: String
    let tcp: InternetAddress
    let server: AdminServer

    struct Answer: Equatable {
        let status: Int
        let fields: [String]
        let body: String

        func has(_ field: String) -> Bool { fields.contains(field) }
    }

    func connect() throws -> TestSocket { try TestSocket.connect(unixPath: path) }

    /// The answers to all of it, each whole.
    func ask(_ text: String, over socket: TestSocket? = nil) throws -> [Answer] {
        let socket = try socket ?? connect()
        try socket.send(Array(text.utf8))
        let answers = try Self.answers(String(decoding: socket.receiveToEnd().bytes, as: UTF8.self))
        socket.close()
        return answers
    }

    /// One question, after which the connection ends.
    func get(_ target: String, _ fields: String = "", method: String = "GET", over socket: TestSocket? = nil) throws
        -> Answer
    {
        let text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(fields)\r\n"
        guard let answer = try ask(text, over: socket).first else { throw TestFailure("no answer to \(target)") }
        return answer
    }

    static func answers(_ text: String) throws -> [Answer] {
        var answers: [Answer] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let end = rest.firstRange(of: "\r\n\r\n"), rest.hasPrefix("HTTP/1.1 "),
                let status = Int(rest.dropFirst(9).prefix(3))
            else { throw TestFailure("no answer: \(rest.prefix(200))") }
            let fields = rest[..<end.lowerBound].split(separator: "\r\n").dropFirst().map(String.init)
            let length = fields.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) }
            let body = Array(rest[end.upperBound...].utf8)
            let count = min(length ?? body.count, body.count)
            answers.append(
                Answer(status: status, fields: fields, body: String(decoding: body[..<count], as: UTF8.self)))
            rest = Substring(decoding: body[count...], as: UTF8.self)
        }
        return answers
    }
}

/// Runs a test against an interface, and ends it.
func withAdmin(
    _ edge: FakeEdge = FakeEdge(), limits: AdminLimits = AdminLimits(), _ body: (Admin) throws -> Void
) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.file("admin.sock").path
    let order = try ListeningSocket(unixPath: path, permissions: 0o660)
    let listening = try ListeningSocket(InternetAddress(.loopbackV4, port: 0))
    guard let tcp = listening.address else { throw TestFailure("no address") }
    let server = try AdminServer(
        edge.view, at: [AdminListener(order), AdminListener(listening)], limits: limits)
    defer { server.stop() }
    try body(Admin(edge: edge, path: path, tcp: tcp, server: server))
}

/// Waits for a value, asking again and again.
func eventually<Value>(_ attempt: () throws -> Value?) throws -> Value {
    let deadline = Clock.monotonic() + 20_000_000
    while true {
        if let value = try attempt() { return value }
        guard Clock.monotonic() < deadline else { throw TestFailure("it took too long") }
        usleep(1000)
    }
}
