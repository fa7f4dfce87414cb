import CAres
import Glibc
import TailwartSystem
import TailwartWire

/// One round of questions to one source, all asked at the same time, over a channel of its own. Used by one thread.
///
/// The two families of a name are two questions, and the first answer is handed on at once: a name server that is silent about one of
/// them holds nobody up. c-ares only carries questions and reads answers; whom to ask, the hosts file and the search list are ours
/// (``ResolvConf``).
final class Lookup {
    let source: NameSource
    /// When it was asked, on the monotonic clock.
    let start = Clock.monotonic()
    /// Whom it asks.
    let servers: ResolvConf
    private let channel: ares_channel
    private let links: LinkSockets?
    private var questions: [Question] = []
    private var answers: [LookupAnswer] = []

    /// A name, and what its families have brought so far. Filled in by the callbacks, which run on the thread that uses the lookup.
    private final class Question {
        let name: String
        var candidates: ArraySlice<String>
        /// Nil: asked, and no answer yet.
        var v4: LookupAnswer.Outcome?
        var v6: LookupAnswer.Outcome?
        /// An answer has come that was not looked at.
        var isNews = false

        init(_ name: String, _ candidates: [String]) {
            self.name = name
            self.candidates = candidates[...]
        }
    }

    private final class Half {
        let question: Question
        let isV4: Bool
        let source: NameSource

        init(_ question: Question, isV4: Bool, _ source: NameSource) {
            self.question = question
            self.isV4 = isV4
            self.source = source
        }
    }

    /// - Returns: nil if c-ares could not be set up, which it says for lack of memory only.
    init?(_ names: [String], from source: NameSource, _ servers: ResolvConf) {
        let links = LinkSockets(servers)
        guard let channel = Self.channel(to: servers, source, links) else { return nil }
        self.source = source
        self.servers = servers
        self.channel = channel
        self.links = links
        let hosts = source == .system ? HostsFile.read() : nil
        for name in names {
            if let known = hosts.map({ HostsFile.addresses(of: name, in: $0) }), !known.isEmpty {
                answers.append(LookupAnswer(name: name, outcome: .addresses(known, timeToLive: 0)))
                continue
            }
            let question = Question(name, servers.candidates(for: name))
            questions.append(question)
            askNext(question)
        }
    }

    /// The names that are not answered for, or not wholly.
    var open: [String] { questions.map(\.name) }

    var isDone: Bool { questions.isEmpty }

    /// The answers that came since the last call.
    func takeAnswers() -> [LookupAnswer] {
        // A question that goes on to its next candidate may be answered at once.
        while let question = questions.first(where: \.isNews) { look(at: question) }
        defer { answers = [] }
        return answers
    }

    private func look(at question: Question) {
        question.isNews = false
        let halves = [question.v4, question.v6]
        var found: [IPAddress] = []
        var timeToLive = Int.max
        var failure: (reason: String, kind: LookupAnswer.Failure)?
        for case let outcome? in halves {
            switch outcome {
            case .addresses(let addresses, let seconds):
                found += addresses
                timeToLive = min(timeToLive, seconds)
            case .failed(let reason, let kind):
                // What stands in the way of an answer counts for more than an answer that there is none.
                if failure == nil || (failure?.kind == .noAddress && kind != .noAddress) { failure = (reason, kind) }
            }
        }
        let isLast = !halves.contains(nil)
        if !found.isEmpty {
            answers.append(
                LookupAnswer(
                    name: question.name, outcome: .addresses(found, timeToLive: timeToLive),
                    isWhole: isLast && (failure == nil || failure?.kind == .noAddress), isLast: isLast))
        } else if isLast, let failure {
            // As glibc does: a server that is silent would be so for the next one.
            if failure.kind != .silence, !question.candidates.isEmpty { return askNext(question) }
            answers.append(LookupAnswer(name: question.name, outcome: .failed(failure.reason, failure.kind)))
        }
        if isLast { questions.removeAll { $0 === question } }
    }

    private func askNext(_ question: Question) {
        guard let name = question.candidates.popFirst() else { return }
        question.v4 = nil
        question.v6 = servers.asksForV6 ? nil : .failed("the system asks for no IPv6 addresses", .noAddress)
        ask(name, question, isV4: true)
        if servers.asksForV6 { ask(name, question, isV4: false) }
    }

    private func ask(_ name: String, _ question: Question, isV4: Bool) {
        var hints = ares_addrinfo_hints()
        hints.ai_family = isV4 ? AF_INET : AF_INET6
        // The order is ours: no sorting by trial connections.
        hints.ai_flags = CInt(ARES_AI_NOSORT)
        ares_getaddrinfo(
            channel, name, nil, &hints,
            { argument, status, _, result in
                guard let argument else { return }
                let half = Unmanaged<Half>.fromOpaque(argument).takeRetainedValue()
                let outcome = Lookup.outcome(status, result, half.source)
                if half.isV4 { half.question.v4 = outcome } else { half.question.v6 = outcome }
                half.question.isNews = true
                if let result { ares_freeaddrinfo(result) }
            }, Unmanaged.passRetained(Half(question, isV4: isV4, source)).toOpaque())
    }

    // MARK: - waiting

    /// Waits until one of the lookups can go on, the waker rings or the time is over.
    ///
    /// - Parameters:
    ///   - waker: nil if nobody can interrupt.
    ///   - longest: milliseconds; −1 waits for ever.
    static func wait(for lookups: [Lookup], waker: Waker?, longest: CInt) {
        // Some names are answered at once, as by a hosts file.
        guard lookups.allSatisfy({ $0.answers.isEmpty && !$0.questions.contains(where: \.isNews) }) else { return }
        var polls = [pollfd(fd: waker?.raw ?? -1, events: Int16(POLLIN), revents: 0)]
        var milliseconds = longest
        for lookup in lookups {
            polls += lookup.sockets
            let own = lookup.patience
            milliseconds = milliseconds < 0 ? own : min(milliseconds, own)
        }
        poll(&polls, nfds_t(polls.count), milliseconds)
        waker?.clear()
        var next = 1
        for lookup in lookups {
            // The same sockets as above: nothing was processed since.
            let count = lookup.sockets.count
            lookup.process(polls[next..<(next + count)])
            next += count
        }
    }

    private var sockets: [pollfd] {
        var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let mask = UInt32(bitPattern: ares_getsock(channel, &sockets, ARES_GETSOCK_MAXNUM))
        return sockets.enumerated().compactMap { index, socket in
            let reads = mask >> UInt32(index) & 1 == 1
            let writes = mask >> UInt32(index + Int(ARES_GETSOCK_MAXNUM)) & 1 == 1
            guard reads || writes else { return nil }
            return pollfd(fd: socket, events: Int16(reads ? POLLIN : 0) | Int16(writes ? POLLOUT : 0), revents: 0)
        }
    }

    /// Milliseconds until c-ares has something to do without any socket; a second at most.
    private var patience: CInt {
        var longest = timeval(tv_sec: 1, tv_usec: 0)
        var chosen = timeval()
        ares_timeout(channel, &longest, &chosen)
        return CInt(chosen.tv_sec * 1000 + chosen.tv_usec / 1000 + 1)
    }

    private func process(_ polls: ArraySlice<pollfd>) {
        for entry in polls where entry.revents != 0 {
            let reads = entry.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0
            let writes = entry.revents & Int16(POLLOUT) != 0
            ares_process_fd(channel, reads ? entry.fd : ARES_SOCKET_BAD, writes ? entry.fd : ARES_SOCKET_BAD)
        }
        // Time-outs, also when no socket spoke.
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
    }

    // MARK: - c-ares

    private static func channel(
        to servers: ResolvConf, _ source: NameSource, _ links: LinkSockets?
    ) -> ares_channel? {
        var options = ares_options()
        options.timeout = CInt(ResolvConf.turn * 1000)
        // MagicDNS is on this host. One that does not answer at once is not there.
        options.tries = source == .magicDNS ? 1 : CInt(servers.tries)
        options.flags = CInt(ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES) | (servers.usesTCP ? CInt(ARES_FLAG_USEVC) : 0)
        // What MagicDNS does not serve it answers with SERVFAIL, which is an answer; c-ares would take it for a server that cannot be
        // reached.
        if source == .magicDNS { options.flags |= CInt(ARES_FLAG_NOCHECKRESP) }
        options.ndots = 0
        options.ndomains = 0
        let mask =
            CInt(ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS | ARES_OPT_NDOTS | ARES_OPT_DOMAINS)
            | CInt(ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF)
            | CInt(servers.rotates ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE)
        var lookups = Array("b".utf8CString)
        var nothing = Array("/dev/null".utf8CString)
        let made = lookups.withUnsafeMutableBufferPointer { lookups in
            nothing.withUnsafeMutableBufferPointer { nothing in
                options.lookups = lookups.baseAddress
                options.resolvconf_path = nothing.baseAddress
                var channel: ares_channel?
                return ares_init_options(&channel, &options, mask) == CARES_SUCCESS ? channel : nil
            }
        }
        guard let made else { return nil }
        // Later releases ask for the interface of a link-local address, and drop a server without; earlier ones cannot read it.
        var release: CInt = 0
        ares_version(&release)
        let forms = release >= 0x01_14_00 ? [true, false] : [false]
        guard forms.contains(where: { ares_set_servers_ports_csv(made, list(servers, zoned: $0)) == CARES_SUCCESS })
        else {
            ares_destroy(made)
            return nil
        }
        links?.open(for: made)
        return made
    }

    private static func list(_ servers: ResolvConf, zoned: Bool) -> String {
        servers.servers.map { server in
            zoned && server.interface != 0 ? "\(server.address)%\(server.interface)" : "\(server.address)"
        }.joined(separator: ",")
    }

    private static func outcome(
        _ status: CInt, _ result: UnsafeMutablePointer<ares_addrinfo>?, _ source: NameSource
    ) -> LookupAnswer.Outcome {
        guard status == CARES_SUCCESS, let result else {
            let failure: LookupAnswer.Failure =
                switch status {
                case CARES_ENOTFOUND, CARES_ENODATA: .noAddress
                case CARES_ETIMEOUT: .silence
                // Of the system's servers c-ares says it too when each has answered that it cannot answer.
                case CARES_ECONNREFUSED: source == .magicDNS ? .silence : .other
                default: .other
                }
            return .failed(String(cString: ares_strerror(status)), failure)
        }
        var found: [IPAddress] = []
        var timeToLive = CInt.max
        var node = result.pointee.nodes
        while let current = node {
            if let address = SocketAddress(copying: current.pointee.ai_addr)?.internet?.ip, !found.contains(address) {
                found.append(address)
                timeToLive = min(timeToLive, current.pointee.ai_ttl)
            }
            node = current.pointee.ai_next
        }
        // Each link of a chain of aliases holds for a time of its own.
        var alias = result.pointee.cnames
        while let current = alias {
            timeToLive = min(timeToLive, current.pointee.ttl)
            alias = current.pointee.next
        }
        guard !found.isEmpty else { return .failed("no addresses", .noAddress) }
        return .addresses(found, timeToLive: Int(max(0, timeToLive)))
    }

    // Destroying the channel answers all open questions with ARES_EDESTRUCTION, which frees them.
    deinit { ares_destroy(channel) }
}
