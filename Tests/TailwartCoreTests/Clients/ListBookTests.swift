import TailwartCore
import TailwartWire
import Testing

@Suite struct ListBookTests {
    private static let path = "/etc/tailwart/deny.txt"
    private static let file = NetworkList(.file(path))
    private static let url = NoticeURL(
        isEncrypted: true, host: "lists.example", port: 443, target: "/drop.txt?key=secret")
    private static let fetched = NetworkList(.url(url), every: .seconds(3600))

    /// A book with the time that passes, and what it wants, in words.
    private struct Run {
        var book = ListBook()
        var now = ContinuousClock.now
        var published: [AccessLists.List] = []

        mutating func take(_ event: ListBook.Event) -> [String] {
            book.take(event, now: now) { 1 }.map { effect in
                switch effect {
                case .watch(let path): return "watch \(path)"
                case .forget(let path): return "forget \(path)"
                case .read(let path): return "read \(path)"
                case .fetch(let url, let validator):
                    return
                        "fetch \(url.host)\(validator.map { " unless \($0.etag ?? "-") \($0.lastModified ?? "-")" } ?? "")"
                case .recall(let url): return "recall \(url.host)"
                case .publish(let lists):
                    published = lists
                    return "publish "
                        + lists.map { "\($0.name)\($0.allows ? " (allow)" : ""): \($0.networks.count)" }.joined(
                            separator: ", ")
                case .say(let event): return event.sentence
                }
            }
        }

        mutating func got(_ list: NetworkList, _ text: String, _ validator: ListBook.Validator? = nil) -> [String] {
            take(.got(list.source, .read(NetworkListText.parse(Array(text.utf8).span), validator)))
        }

        mutating func pass(_ time: Duration) { now = now.advanced(by: time) }

        /// How long until it wants to be told of the time.
        var pause: Duration? { book.nextDue.map { now.duration(to: $0) } }
    }

    @Test func `a file is watched and then read, and what is in it is published and said`() {
        var run = Run()
        #expect(run.take(.serves([Self.file])) == ["watch \(Self.path)", "read \(Self.path)"])
        #expect(
            run.got(Self.file, "192.0.2.0/24\nx\n") == [
                "list deny.txt has 1 network; line 2 is not a network: 'x'", "publish list deny.txt: 1",
            ])
        #expect(run.pause == nil)
    }

    @Test func `many changes are one, once it has been quiet for a while`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        _ = run.got(Self.file, "192.0.2.0/24")
        for _ in 0..<5 {
            #expect(run.take(.changed([Self.path])).isEmpty)
            #expect(run.pause == .milliseconds(200))
            run.pass(.milliseconds(150))
            #expect(run.take(.tick).isEmpty)
        }
        run.pass(.milliseconds(50))
        #expect(run.take(.tick) == ["read \(Self.path)"])
        #expect(
            run.got(Self.file, "192.0.2.0/24\n198.51.100.1") == [
                "list deny.txt has 2 networks", "publish list deny.txt: 2",
            ])
    }

    @Test func `a file that never rests is read all the same`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        _ = run.got(Self.file, "192.0.2.0/24")
        var reads = 0
        for _ in 0..<200 {
            reads += run.take(.changed([Self.path])).count
            run.pass(.milliseconds(100))
            reads += run.take(.tick).count
            _ = run.got(Self.file, "192.0.2.0/24")
        }
        #expect((9...10).contains(reads))
    }

    @Test func `what changes while it is read is read again`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        #expect(run.take(.changed([Self.path])).isEmpty)
        #expect(run.got(Self.file, "192.0.2.0/24").last == "publish list deny.txt: 1")
        run.pass(.milliseconds(200))
        #expect(run.take(.tick) == ["read \(Self.path)"])
    }

    @Test func `what is as it was is neither published nor said`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        _ = run.got(Self.file, "192.0.2.0/24")
        _ = run.take(.changed([Self.path]))
        run.pass(.seconds(1))
        _ = run.take(.tick)
        #expect(run.got(Self.file, "# another comment\n192.0.2.0/24").isEmpty)
    }

    @Test(arguments: [
        ("", "there is no network in it any more"), ("# gone", "there is no network in it any more"),
        ("<html>\n<p>Sorry\n", "none of its 2 lines is a network"),
    ])
    func `a list that has nothing in it any more holds as it was, and so until it is back`(text: String, why: String) {
        var run = Run()
        _ = run.take(.serves([Self.fetched]))
        _ = run.got(Self.fetched, "192.0.2.0/24")
        #expect(
            run.got(Self.fetched, text) == [
                "list lists.example/drop.txt cannot be used: \(why); the last version stays in force, with 1 network"
            ])
        #expect(run.got(Self.fetched, text).isEmpty)
        #expect(run.published.map(\.networks.count) == [1])
        #expect(run.got(Self.fetched, "192.0.2.0/24") == ["list lists.example/drop.txt has 1 network"])
    }

    @Test func `a list may be empty from the start, and then have something`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        #expect(run.got(Self.file, "# nobody yet") == ["list deny.txt has 0 networks", "publish list deny.txt: 0"])
        #expect(run.got(Self.file, "192.0.2.7") == ["list deny.txt has 1 network", "publish list deny.txt: 1"])
    }

    @Test func `what cannot be had is said once, and once when it is back`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        #expect(
            run.take(.got(Self.file.source, .failed("it is gone"))) == [
                "list deny.txt cannot be used: it is gone; nobody is denied or allowed by it yet"
            ])
        #expect(run.take(.got(Self.file.source, .failed("it is gone"))).isEmpty)
        #expect(run.got(Self.file, "192.0.2.0/24") == ["list deny.txt has 1 network", "publish list deny.txt: 1"])
        #expect(
            run.take(.got(Self.file.source, .failed("it is gone"))) == [
                "list deny.txt cannot be used: it is gone; the last version stays in force, with 1 network"
            ])
        #expect(run.got(Self.file, "192.0.2.0/24") == ["list deny.txt has 1 network"])
    }

    @Test func `a file whose folder is not there is looked for now and then`() {
        var run = Run()
        _ = run.take(.serves([Self.file]))
        #expect(run.take(.unwatched(Self.path)).isEmpty)
        #expect(run.take(.got(Self.file.source, .failed("no such folder"))).count == 1)
        #expect(run.pause == .seconds(60))
        run.pass(.seconds(60))
        #expect(run.take(.tick) == ["watch \(Self.path)", "read \(Self.path)"])
        #expect(run.got(Self.file, "192.0.2.0/24").count == 2)
        #expect(run.pause == nil)
    }

    @Test func `a URL is asked at once and then every so often, with what its server said of the last answer`() {
        var run = Run()
        #expect(run.take(.serves([Self.fetched])) == ["recall lists.example", "fetch lists.example"])
        let validator = ListBook.Validator(etag: "\"1\"", lastModified: nil)
        #expect(run.got(Self.fetched, "192.0.2.0/24", validator).last == "publish list lists.example/drop.txt: 1")
        #expect(run.pause == .seconds(3600))
        run.pass(.seconds(3600))
        #expect(run.take(.tick) == ["fetch lists.example unless \"1\" -"])
        #expect(run.take(.got(Self.fetched.source, .unchanged)).isEmpty)
        #expect(run.pause == .seconds(3600))
    }

    @Test func `what was kept of a URL holds until its server has answered, and no longer`() {
        var run = Run()
        _ = run.take(.serves([Self.fetched]))
        let kept = NetworkListText.parse(Array("192.0.2.0/24\n192.0.2.7".utf8).span)
        #expect(run.take(.kept(Self.url, kept)) == ["publish list lists.example/drop.txt: 2"])
        #expect(
            run.take(.got(Self.fetched.source, .failed("it is away"))) == [
                "list lists.example/drop.txt cannot be used: it is away; the last version stays in force, with 2 networks"
            ])
        #expect(run.got(Self.fetched, "192.0.2.0/24").last == "publish list lists.example/drop.txt: 1")
        #expect(run.take(.kept(Self.url, kept)).isEmpty)
    }

    @Test func `a server that fails is asked again, later each time, and never less often than usual`() {
        var run = Run()
        _ = run.take(.serves([Self.fetched]))
        var pauses: [Duration?] = []
        for _ in 0..<40 {
            _ = run.take(.got(Self.fetched.source, .failed("it answers with 503")))
            pauses.append(run.pause)
            if let pause = run.pause { run.pass(pause) }
            #expect(run.take(.tick) == ["fetch lists.example"])
        }
        #expect(pauses.prefix(4) == [.seconds(60), .seconds(240), .seconds(960), .seconds(3600)])
        #expect(pauses.last == .seconds(3600))
        #expect(run.take(.got(Self.fetched.source, .unchanged)).isEmpty)
    }

    @Test func `other lists are served, and those that stay are not read again`() throws {
        var run = Run()
        let inline = NetworkList(.networks([try #require(Network("198.51.100.0/24"))]), allows: true)
        #expect(run.take(.serves([Self.file, inline])) == ["watch \(Self.path)", "read \(Self.path)"])
        #expect(
            run.got(Self.file, "192.0.2.0/24").last == "publish list deny.txt: 1, list of the configuration (allow): 1")
        var allowing = Self.file
        allowing.allows = true
        #expect(run.take(.serves([allowing])) == ["publish list deny.txt (allow): 1"])
        #expect(run.take(.serves([allowing])).isEmpty)
        #expect(run.take(.serves([])) == ["forget \(Self.path)", "publish "])
        #expect(run.got(Self.file, "192.0.2.0/24").isEmpty)
        #expect(run.pause == nil)
    }

    @Test func `lists of files are published together, and none waits for a server`() {
        var run = Run()
        let other = NetworkList(.file("/etc/other.txt"))
        #expect(run.take(.serves([Self.file, other, Self.fetched])).count == 6)
        #expect(run.got(Self.file, "192.0.2.0/24") == ["list deny.txt has 1 network"])
        #expect(run.got(other, "192.0.2.0/24\n192.0.2.7").last == "publish list deny.txt: 1, list other.txt: 2")
    }

    @Test func `a URL that is to be asked more often is asked sooner`() {
        var run = Run()
        _ = run.take(.serves([Self.fetched]))
        _ = run.got(Self.fetched, "192.0.2.0/24")
        var often = Self.fetched
        often.every = .seconds(600)
        _ = run.take(.serves([often]))
        #expect(run.pause == .seconds(600))
    }
}
