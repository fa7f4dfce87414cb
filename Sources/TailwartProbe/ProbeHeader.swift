import TailwartClient
import TailwartCore
import TailwartWire

/// The PROXY header of a connection that the edge makes for itself.
enum ProbeHeader {
    /// Version 2 says LOCAL. Version 1 names the probe's own socket, as Postfix refuses UNKNOWN.
    ///
    /// - Parameter addresses: both ends of the socket; nil for a Unix socket, which then looks like a connection of the host to
    ///   itself.
    static func bytes(
        _ version: ProxyProtocolOut.Version, addresses: (own: InternetAddress, peer: InternetAddress)?
    ) -> [UInt8] {
        switch version {
        case .none: return []
        case .v2: return Array(writing: ProxyHeader.maximumWrittenLength) { ProxyHeader.writeV2Local(into: &$0) }
        case .v1:
            let own = addresses?.own ?? InternetAddress(.loopbackV4, port: 1)
            let peer = addresses?.peer ?? InternetAddress(.loopbackV4, port: 1)
            return Array(writing: ProxyHeader.maximumV1Length) {
                ProxyHeader.writeV1(client: own.unmapped, destination: peer.unmapped, into: &$0)
            }
        }
    }
}
