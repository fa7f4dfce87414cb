/// The parties of a connection; who ended it, or whose fault an error is.
package enum Side: UInt8, Sendable, CaseIterable {
    case client
    case upstream
    case edge

    package var name: String {
        switch self {
        case .client: "client"
        case .upstream: "upstream"
        case .edge: "edge"
        }
    }

    /// Written out for the data plane, as that of ``Direction``.
    @inlinable @inline(__always) package static func == (left: Side, right: Side) -> Bool {
        switch (left, right) {
        case (.client, .client), (.upstream, .upstream), (.edge, .edge): true
        default: false
        }
    }
}
