import Synchronization
import TailwartClient
import TailwartCore
import TailwartWire

/// What one connection has left open, and another one settles.
enum Doubt: Sendable, Equatable {
    /// The server closed on the header, or answered it as a web server answers a request: does it know about headers?
    case header
    /// A web server closed on a hello that had no header in front: does it wait for one?
    case missingHeader
    /// It was silent where servers speak first: does it want TLS first?
    case encryption
    /// The handshake was begun and came to no end: are large packets lost?
    case size
    /// It closed on a header that says that the edge itself comes: does it close to everybody?
    case ban
}

extension Prober {
    /// For what another connection brings: whoever is there answers at once.
    private static let secondPatience = Duration.seconds(8)
    /// What every way on the internet carries in one packet (RFC 791 section 3.1: 576 bytes), without the headers of IP and TCP.
    private static let smallSegment: Int = 536

    func settle(
        _ doubt: Doubt, _ met: Meeting, _ question: ProbeQuestion, _ timeout: Duration, _ patience: Duration,
        _ clues: ProbeClues
    ) async -> ProbeResult {
        let first = met.result
        let patience = min(patience, Self.secondPatience)
        var other = question
        func ask(maximumSegment: Int? = nil, _ converse: (Interview) async -> Finding?) async -> ProbeResult? {
            await meet(other, timeout, patience, maximumSegment: maximumSegment, converse)?.result
        }
        func found(_ verdict: Verdict, _ detail: String) -> ProbeResult {
            var result = ProbeResult(verdict, detail, roundTrip: first.roundTrip)
            result.server = first.server
            return result
        }
        switch doubt {
        case .header:
            // OpenSSL closes where others send an alert. Who goes on with TLS where there is no header does not know about headers.
            other.proxyProtocol = .none
            let bare = await ask { await $0.run() }
            if bare?.certificate == nil {
                if bare?.verdict == .banned, first.verdict == .tlsFailed {
                    return found(
                        .banned, "The server closes the connection without a byte, with the header and without one.")
                }
                return first.verdict == .banned || first.verdict == .tlsFailed
                    ? await settle(.ban, met, question, timeout, patience, clues) : first
            }
            switch first.verdict {
            case .wrongProtocol:
                return found(
                    .headerUnwanted, "The server begins TLS where there is no header. With it: \(first.detail)")
            case .banned:
                return found(
                    .headerNotTrusted, "The server closes when it has the header, and begins TLS where there is none.")
            default: return first
            }
        case .ban:
            var result = found(
                .banned,
                "The server closes when it has a header that says that the edge itself comes, and serves clients.")
            result.servesClients = true
            // Whoever has just been served stands for all: the header named him.
            if clues.areServed { return result }
            guard let own = met.own, let named = ownAddresses().other(than: own, question.way),
                let greeted = await meet(question, timeout, patience, naming: named, { await $0.run() })?.result,
                greeted.verdict.grade != .failed
            else { return first }
            result.server = result.server ?? greeted.server
            result.detail =
                "The server closes when it has a header that says that the edge itself comes, and goes on where it names "
                + "\(named), another address of this host."
            return result
        case .missingHeader:
            other.proxyProtocol = .v2
            guard await ask({ await $0.run() })?.certificate != nil else { return first }
            return found(.headerRequired, "The server closes when TLS is begun, and begins it behind a PROXY header.")
        case .encryption:
            guard silences.mayBeBroken(of: question, at: .now), await ask({ await $0.beginTLS() })?.certificate != nil
            else { return first }
            // Who takes it may be asked so again, or the next probe would say something else.
            silences.end(of: question)
            var result = found(
                .wrongProtocol,
                "The server says nothing until TLS is begun, and takes that\(question.proto.overTLS).")
            result.isCostly = true
            return result
        case .size:
            guard case .direct = question.way,
                await ask(maximumSegment: Self.smallSegment, { await $0.run() })?.certificate != nil
            else { return first }
            return found(
                .mtuBlackHole,
                "The TLS handshake stands still, and succeeds where no packet has more than 576 bytes.")
        }
    }
}

/// Whom a hello was sent to as a last try, since they were silent: a server that hangs may come to itself, and takes the hello for bad
/// commands then.
final class Silences: Sendable {
    /// A mailbox that bans for 30 bad commands in a day gets not half of them so.
    private static let pause = Duration.seconds(6 * 3600)

    private let tried = Mutex<[ProbeQuestion: ContinuousClock.Instant]>([:])

    func mayBeBroken(of question: ProbeQuestion, at now: ContinuousClock.Instant) -> Bool {
        tried.withLock { tried in
            if let last = tried[question], now < last + Self.pause { return false }
            tried = tried.filter { now < $0.value + Self.pause }
            tried[question] = now
            return true
        }
    }

    func end(of question: ProbeQuestion) { _ = tried.withLock { $0.removeValue(forKey: question) } }
}

extension ListenerProtocol {
    /// The same protocol where TLS comes first, for the end of a sentence; empty where there is none.
    fileprivate var overTLS: String {
        switch self {
        case .smtp, .submission: ": that is the protocol submissions"
        case .imap: ": that is the protocol imaps"
        case .pop3: ": that is the protocol pop3s"
        case .sieve, .submissions, .imaps, .pop3s, .https, .tcp: ""
        }
    }
}

extension [IPAddress] {
    /// Another address of this host, at which a mailbox might know it: a public one before others, and that of the tailnet last, as that is the
    /// one that is dialled from. None that means another host there.
    fileprivate func other(than own: IPAddress, _ way: ProbeWay) -> IPAddress? {
        var isDirect = false
        if case .direct = way { isDirect = true }
        func rank(_ address: IPAddress) -> Int? {
            switch address.reach {
            case .everywhere: address.isV4 == own.isV4 ? 0 : 1
            case .tailnet: isDirect ? 3 : nil
            case .privateNetwork: 2
            default: nil
            }
        }
        return map(\.unmapped).filter { $0 != own }.compactMap { address in rank(address).map { (address, $0) } }
            .min { $0.1 < $1.1 }?.0
    }
}
