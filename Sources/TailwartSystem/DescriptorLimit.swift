import Glibc

/// How many files a process may have open (`RLIMIT_NOFILE`, getrlimit(2)).
package enum DescriptorLimit {
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Two for each connection, and some for the rest.
    package static func needed(for connections: Int) -> UInt64 { UInt64(connections) * 2 + 512 }

    /// What connections leave to the edge itself, for probes, name servers, tailscaled, files and callers; an eighth where there are few.
    private static let kept: UInt64 = 64

    /// The lowest number that no descriptor of a connection may have. The lowest free number is given first, so whoever gets this one knows that
    /// all below are taken.
    package static var ofConnections: CInt {
        guard let current else { return .max }
        return CInt(clamping: current - min(kept, current / 8))
    }

    /// What a process may raise its own limit to; nil if the system does not tell.
    package static var highest: UInt64? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_max) : nil
    }

    /// What holds for this process now; nil if the system does not tell.
    package static var current: UInt64? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_cur) : nil
    }

    /// Raises this process's limit to the highest, and says what it is.
    package static func raise() -> UInt64? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        return UInt64(limit.rlim_cur)
    }
}
