import CTailwartLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel saw it connect: nothing that it says itself.
package struct PeerCredentials: Sendable, Equatable {
    package let user: UInt32
    package let group: UInt32
    /// Its further groups.
    package let groups: [UInt32]

    package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// Root, or the user of this process: to whom its sockets may go, and from whom it takes some.
    package var isTrusted: Bool { user == 0 || user == Self.ownUser }

    package func isMember(of group: UInt32) -> Bool { self.group == group || groups.contains(group) }

    /// The user that this process runs as.
    package static var ownUser: UInt32 { geteuid() }
}

extension Socket {
    /// Of a Unix socket (`SO_PEERCRED`, `SO_PEERGROUPS`, unix(7)); nil if the kernel does not tell.
    package var peer: PeerCredentials? {
        // struct ucred: process, user, group.
        var credentials: [UInt32] = [0, 0, 0]
        var length = socklen_t(12)
        guard getsockopt(raw, SOL_SOCKET, tw_so_peercred, &credentials, &length) == 0, length == 12 else { return nil }
        // As many as a process can have (NGROUPS_MAX) at most, and a few as a rule.
        var groups = [UInt32](repeating: 0, count: 64)
        length = socklen_t(groups.count * 4)
        if getsockopt(raw, SOL_SOCKET, tw_so_peergroups, &groups, &length) != 0, Errno.current.rawValue == ERANGE {
            groups = [UInt32](repeating: 0, count: Int(length) / 4)
            guard getsockopt(raw, SOL_SOCKET, tw_so_peergroups, &groups, &length) == 0 else { return nil }
        }
        return PeerCredentials(
            user: credentials[1], group: credentials[2], groups: Array(groups.prefix(Int(length) / 4)))
    }
}

/// The names of groups, from the file alone: the C library's own way loads modules.
package enum GroupNames {
    package static func name(of group: UInt32, file: String = "/etc/group") -> String? {
        guard case .bytes(let bytes) = FileSystem.read(file, limit: 1 << 20) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 2, parts[2] == "\(group)" { return String(parts[0]) }
        }
        return nil
    }
}
