import CTailwartLinux

/// Which readiness is asked for or reported, as the bits of `epoll_event`.
///
/// Not an `OptionSet`: its operations are generic, and from another module they stay so, which costs the data plane more than all
/// its own work. The combinations that are needed have names.
package struct Readiness: Sendable, Equatable {
    package let rawValue: UInt32

    @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: tw_epollin)
    package static let error = Readiness(rawValue: tw_epollerr)

    /// A listening socket: its state, told to one of the threads that wait and not to all.
    package static let connections = Readiness(rawValue: tw_epollin | tw_epollexclusive)
    /// A leg: changes of all that can come from its peer.
    package static let incoming = Readiness(rawValue: tw_epollin | tw_epollrdhup | tw_epollpri | tw_epollet)
    /// The same, and that it takes bytes again.
    package static let incomingAndWritable = Readiness(
        rawValue: tw_epollin | tw_epollout | tw_epollrdhup | tw_epollpri | tw_epollet)

    /// Something may be read: bytes, an end or an error.
    package static let anythingToRead = Readiness(
        rawValue: tw_epollin | tw_epollrdhup | tw_epollpri | tw_epollhup | tw_epollerr)
    /// A write will not block: it succeeds or tells the error.
    package static let anythingToWrite = Readiness(rawValue: tw_epollout | tw_epollhup | tw_epollerr)
    /// An end, an error or urgent data.
    package static let unusual = Readiness(rawValue: tw_epollrdhup | tw_epollpri | tw_epollhup | tw_epollerr)

    /// The peer's end is there, behind what it sent.
    package static let end = Readiness(rawValue: tw_epollrdhup)

    /// Whether any of these bits is set.
    @inlinable package func has(_ other: Readiness) -> Bool { rawValue & other.rawValue != 0 }
}
