import CAres
import Glibc
import TailwartSystem
import TailwartWire

/// One round of questions to one source, all asked at the same time, over a channel of its own: so a changed `/etc/resolv.conf` is
/// seen by the next round, as when tailscaled comes up after the edge. Used by one thread.
final class Lookup {
    let source: NameSource
    /// When it was asked, on the monotonic clock.
    let start = Clock.monotonic()
    private let channel: ares_channel
    private let inbox = Inbox()
    private var waiting: Int

    /// How long a source is waited for.
    private struct Patience {
        /// Milliseconds for the first answer of a server; c-ares doubles it with each try.
        let timeout: CInt
        let tries: CInt

        static let system = Patience(timeout: 2000, tries: 2)
        /// It is on this host. One that does not answer at once is not there.
        static let magicDNS = Patience(timeout: 1000, tries: 1)
    }

    /// Filled in by the callbacks, which run on the thread that calls ``process(_:)``.
    private final class Inbox {
        var answers: [LookupAnswer] = []
    }

    private final class Question {
        let name: String
        let inbox: Inbox

        init(name: String, inbox: Inbox) {
            self.name = name
            self.inbox = inbox
        }
    }

    /// - Parameter servers: `address:port`, separated by commas, in place of those of `/etc/resolv.conf`.
    /// - Returns: nil if c-ares could not be set up, which it says for lack of memory only.
    init?(_ names: [String], from source: NameSource, servers: String?) {
        guard let channel = Self.channel(for: source) else { return nil }
        if let servers { ares_set_servers_ports_csv(channel, servers) }
        self.source = source
        self.channel = channel
        waiting = names.count
        var hints = ares_addrinfo_hints()
        hints.ai_family = AF_UNSPEC
        // The order is ours: no sorting by trial connections.
        hints.ai_flags = CInt(ARES_AI_NOSORT)
        for name in names {
            let question = Unmanaged.passRetained(Question(name: name, inbox: inbox))
            ares_getaddrinfo(
                channel, name, nil, &hints,
                { argument, status, _, result in
                    guard let argument else { return }
                    let question = Unmanaged<Question>.fromOpaque(argument).takeRetainedValue()
                    question.inbox.answers.append(
                        LookupAnswer(name: question.name, outcome: Lookup.outcome(status, result)))
                    if let result { ares_freeaddrinfo(result) }
                }, question.toOpaque())
        }
    }

    var isDone: Bool { waiting == 0 }

    /// The answers that came since the last call.
    func takeAnswers() -> [LookupAnswer] {
        defer { inbox.answers = [] }
        waiting -= inbox.answers.count
        return inbox.answers
    }

    /// Waits until one of the lookups can go on, the waker rings or the time is over.
    ///
    /// - Parameters:
    ///   - waker: nil if nobody can interrupt.
    ///   - longest: milliseconds; −1 waits for ever.
    static func wait(for lookups: [Lookup], waker: Waker?, longest: CInt) {
        // Some names are answered at once, as by a hosts file.
        guard lookups.allSatisfy(\.inbox.answers.isEmpty) else { return }
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

    /// Milliseconds until c-ares has something to do without any socket.
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

    private static func channel(for source: NameSource) -> ares_channel? {
        let patience = source == .magicDNS ? Patience.magicDNS : .system
        var options = ares_options()
        options.timeout = patience.timeout
        options.tries = patience.tries
        var mask = CInt(ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)
        var channel: ares_channel?
        guard source == .magicDNS else {
            return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? channel : nil
        }
        // The hosts file and the search list are the system's: this one is asked for the name as it is. What it does not serve it
        // answers with SERVFAIL, which is an answer; c-ares would take it for a server that cannot be reached.
        options.flags = CInt(ARES_FLAG_NOSEARCH | ARES_FLAG_NOCHECKRESP)
        mask |= CInt(ARES_OPT_FLAGS | ARES_OPT_LOOKUPS)
        var lookups = Array("b".utf8CString)
        return lookups.withUnsafeMutableBufferPointer { lookups in
            options.lookups = lookups.baseAddress
            return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? channel : nil
        }
    }

    private static func outcome(_ status: CInt, _ result: UnsafeMutablePointer<ares_addrinfo>?) -> LookupAnswer.Outcome
    {
        guard status == ARES_SUCCESS, let result else {
            let failure: LookupAnswer.Failure =
                switch status {
                case ARES_ENOTFOUND, ARES_ENODATA: .noAddress
                case ARES_ETIMEOUT, ARES_ECONNREFUSED: .silence
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
        guard !found.isEmpty else { return .failed("no addresses", .noAddress) }
        return .addresses(found, timeToLive: Int(max(0, timeToLive)))
    }

    // Destroying the channel answers all open questions with ARES_EDESTRUCTION, which frees them.
    deinit { ares_destroy(channel) }
}
