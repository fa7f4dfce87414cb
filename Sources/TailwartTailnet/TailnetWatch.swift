import Glibc
import TailwartWire

/// Turns one look at tailscaled after the other into what has changed. A value without I/O or clock: answers and time go in, changes
/// come out, each once.
///
/// What is compared is what was last known, not what was seen last: an address that changes while tailscaled is away, or while
/// nobody is logged in, has changed all the same.
package struct TailnetWatch: Sendable {
    /// Days before a key expires at which it is said.
    package static let keyWarnings = [14, 7, 3, 1]
    /// Looks in a row that must agree on a new kind of path. The first packets after a pause often go over DERP.
    package static let pathConfirmations = 2

    private var upstreams: [Upstream]
    private var failure: LocalAPIError?
    private var socket: SocketIdentity?
    private var state: BackendState?
    private var ownAddresses: [IPAddress] = []
    private var ownKey = KeyWatch(owner: .own)

    /// - Parameter names: of the upstreams; a name that is none of the tailnet does no harm.
    package init(names: [String]) {
        upstreams = []
        follow(names)
    }

    /// Watches others from now on; what is known of those that stay stays.
    package mutating func follow(_ names: [String]) {
        let known = upstreams
        var seen: Set<String> = []
        upstreams = names.compactMap { name in
            guard let name = TailnetName.normal(name), seen.insert(name).inserted else { return nil }
            return known.first { $0.name == name } ?? Upstream(name: name)
        }
    }

    /// Takes in one look.
    ///
    /// - Parameters:
    ///   - socket: of the socket that was asked; see ``LocalAPI/identity``.
    ///   - now: seconds since 1970.
    package mutating func look(
        _ answer: Result<TailnetStatus, LocalAPIError>, socket: SocketIdentity?, at now: Int
    ) -> [TailnetChange] {
        switch answer {
        case .failure(let error):
            defer { failure = error }
            return failure?.name == error.name ? [] : [.gone(error)]
        case .success(let status):
            var changes: [TailnetChange] = []
            if failure != nil {
                changes.append(.back)
            } else if let before = self.socket, let socket, before != socket {
                changes.append(.restarted)
            }
            failure = nil
            self.socket = socket ?? self.socket
            if state != status.backendState { changes.append(.state(status.backendState, was: state)) }
            state = status.backendState
            changes += own(status, at: now)
            // While it does not run it knows of nobody, and that is not the peers' fault.
            guard status.backendState == .running else { return changes }
            for index in upstreams.indices { changes += upstreams[index].look(status, at: now) }
            return changes
        }
    }

    private mutating func own(_ status: TailnetStatus, at now: Int) -> [TailnetChange] {
        var changes: [TailnetChange] = []
        let addresses = status.ownAddresses
        if !addresses.isEmpty, Set(addresses) != Set(ownAddresses) {
            changes.append(.ownAddresses(addresses, was: ownAddresses, name: status.ownName))
            ownAddresses = addresses
        }
        if let own = status.own { changes += ownKey.look(own, at: now) }
        return changes
    }
}

/// One upstream's name, and what is known of its node.
private struct Upstream: Sendable {
    private enum Standing: Equatable {
        case present
        case missing
        case renamed(String)
        case offline
        case expired
    }

    let name: String
    private var standing: Standing?
    private var addresses: [IPAddress] = []
    private var path = PathWatch()
    private var key: KeyWatch

    init(name: String) {
        self.name = name
        key = KeyWatch(owner: .peer(name))
    }

    mutating func look(_ status: TailnetStatus, at now: Int) -> [TailnetChange] {
        switch status.find(name) {
        case .unknown:
            // Any other name may be one of the DNS: whether it is missing is the resolver's to say.
            let isOfTailnet = standing != nil || status.suffix.map { TailnetName.parent(of: name) == $0 } ?? false
            return isOfTailnet ? stand(.missing) : []
        case .renamed(let successor):
            return stand(.renamed(successor.name))
        case .peer(let peer):
            var changes = key.look(peer, at: now)
            changes += stand(key.hasExpired ? .expired : peer.isOnline ? .present : .offline)
            if !peer.addresses.isEmpty, Set(peer.addresses) != Set(addresses) {
                if !addresses.isEmpty { changes.append(.peerAddresses(name, peer.addresses, was: addresses)) }
                addresses = peer.addresses
            }
            if let (now, was) = path.look(peer.path) { changes.append(.path(name, now, was: was)) }
            return changes
        }
    }

    private mutating func stand(_ now: Standing) -> [TailnetChange] {
        let before = standing
        standing = now
        guard before != now else { return [] }
        return switch now {
        case .present: before == nil ? [] : [.peerBack(name)]
        case .missing: [.peerMissing(name)]
        case .renamed(let other): [.peerRenamed(name, to: other)]
        case .offline: [.peerOffline(name)]
        // The key's watch has said it.
        case .expired: []
        }
    }
}

/// One key: a warning at each of ``TailnetWatch/keyWarnings``, one word when it has expired, one when it was renewed.
private struct KeyWatch: Sendable {
    let owner: TailnetChange.KeyOwner
    /// The last warning.
    private var warned: Int?
    private(set) var hasExpired = false

    init(owner: TailnetChange.KeyOwner) { self.owner = owner }

    mutating func look(_ node: TailnetPeer, at now: Int) -> [TailnetChange] {
        let secondsLeft = node.keyExpiry.map { $0 - now }
        if node.isExpired || secondsLeft.map({ $0 <= 0 }) ?? false {
            guard !hasExpired else { return [] }
            hasExpired = true
            return [.keyExpired(owner)]
        }
        let wasBad = hasExpired || warned != nil
        hasExpired = false
        let due = secondsLeft.flatMap { left in TailnetWatch.keyWarnings.last { left <= $0 * 86_400 } }
        guard let due else {
            warned = nil
            return wasBad ? [.keyRenewed(owner)] : []
        }
        guard warned.map({ due < $0 }) ?? true else { return [] }
        warned = due
        return [.keyExpires(owner, days: due)]
    }
}

/// One path: its kind is news when ``TailnetWatch/pathConfirmations`` looks in a row agree. A peer that is idle says nothing.
private struct PathWatch: Sendable {
    private var said: TailnetPath?
    private var candidate: (kind: TailnetPath.Kind, looks: Int)?

    mutating func look(_ path: TailnetPath) -> (now: TailnetPath, was: TailnetPath?)? {
        guard path.kind != .idle else { return nil }
        guard path.kind != said?.kind else {
            said = path
            candidate = nil
            return nil
        }
        let looks = candidate?.kind == path.kind ? (candidate?.looks ?? 0) + 1 : 1
        candidate = (path.kind, looks)
        guard looks >= TailnetWatch.pathConfirmations else { return nil }
        defer {
            said = path
            candidate = nil
        }
        return (path, said)
    }
}

/// Which socket it is that lies at a path: a tailscaled that was restarted has made a new one.
package struct SocketIdentity: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    /// When it was made, as some file systems give the number of an inode out again at once. Changing its mode does not touch it.
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil if nothing can be seen there.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}

extension LocalAPI {
    /// Of the socket that is there now; nil if none is.
    package var identity: SocketIdentity? { SocketIdentity(path: socket) }
}
