import CAres
import Glibc
import TailwartSystem
package import TailwartWire

/// What looking up one name brought.
package struct LookupAnswer: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        /// IPv4 first, each family in the order of the answer; how long they hold, in seconds (0: a hosts file).
        case addresses([IPAddress], timeToLive: Int)
        /// What c-ares says of the failure.
        case failed(String)
    }

    package let name: String
    package let outcome: Outcome
}

/// One round of questions, all asked at the same time, over a channel of its own: so a changed `/etc/resolv.conf` is seen by the
/// next round, as when tailscaled comes up after the edge.
struct Lookup: ~Copyable {
    /// Milliseconds for the first answer of a server; c-ares doubles it with each try.
    private static let timeout: CInt = 2000
    private static let tries: CInt = 2

    private let channel: ares_channel
    private let inbox = Inbox()
    private var waiting: Int

    /// Filled in by the callbacks, which run on the thread that calls ``step(waker:)``.
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
    init?(_ names: [String], servers: String?) {
        var options = ares_options()
        options.timeout = Self.timeout
        options.tries = Self.tries
        var channel: ares_channel?
        let mask = CInt(ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)
        guard ares_init_options(&channel, &options, mask) == ARES_SUCCESS, let channel else { return nil }
        if let servers { ares_set_servers_ports_csv(channel, servers) }
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

    /// Waits for something to happen and hands over the answers that came; returns early when the waker rings.
    mutating func step(waker: Waker) -> [LookupAnswer] {
        if inbox.answers.isEmpty { wait(waker) }
        let answers = inbox.answers
        inbox.answers = []
        waiting -= answers.count
        return answers
    }

    private func wait(_ waker: Waker) {
        var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let mask = UInt32(bitPattern: ares_getsock(channel, &sockets, ARES_GETSOCK_MAXNUM))
        var polls = [pollfd(fd: waker.raw, events: Int16(POLLIN), revents: 0)]
        for (index, socket) in sockets.enumerated() {
            let reads = mask >> UInt32(index) & 1 == 1
            let writes = mask >> UInt32(index + Int(ARES_GETSOCK_MAXNUM)) & 1 == 1
            guard reads || writes else { continue }
            polls.append(
                pollfd(fd: socket, events: Int16(reads ? POLLIN : 0) | Int16(writes ? POLLOUT : 0), revents: 0))
        }
        var longest = timeval(tv_sec: 1, tv_usec: 0)
        var chosen = timeval()
        ares_timeout(channel, &longest, &chosen)
        let milliseconds = CInt(chosen.tv_sec * 1000 + chosen.tv_usec / 1000 + 1)
        poll(&polls, nfds_t(polls.count), milliseconds)
        for entry in polls.dropFirst() where entry.revents != 0 {
            let reads = entry.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0
            let writes = entry.revents & Int16(POLLOUT) != 0
            ares_process_fd(channel, reads ? entry.fd : ARES_SOCKET_BAD, writes ? entry.fd : ARES_SOCKET_BAD)
        }
        // Time-outs, also when no socket spoke.
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
    }

    private static func outcome(_ status: CInt, _ result: UnsafeMutablePointer<ares_addrinfo>?) -> LookupAnswer.Outcome
    {
        guard status == ARES_SUCCESS, let result else {
            return .failed(String(cString: ares_strerror(status)))
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
        guard !found.isEmpty else { return .failed("no addresses") }
        return .addresses(found.filter(\.isV4) + found.filter { !$0.isV4 }, timeToLive: Int(max(0, timeToLive)))
    }

    // Destroying the channel answers all open questions with ARES_EDESTRUCTION, which frees them.
    deinit { ares_destroy(channel) }
}
