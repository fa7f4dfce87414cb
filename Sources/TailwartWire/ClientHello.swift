/// What a TLS client asks for before anything is encrypted: the name and the protocols.
///
/// With Encrypted ClientHello this is the outer hello, and the inner name stays hidden (draft-ietf-tls-esni section
/// 6.1).
package struct ClientHello: Sendable, Equatable {
    /// Lower case, one trailing dot removed; nil where the client named none, or named an IP address, which RFC 6066
    /// section 3 forbids.
    package var serverName: InlineBytes?
    /// Empty where the client offered none.
    package var alpn: ALPNList

    package init(serverName: InlineBytes? = nil, alpn: ALPNList = ALPNList()) {
        self.serverName = serverName
        self.alpn = alpn
    }
}

extension ClientHello {
    /// Bytes of the handshake message behind its 4 byte head. A hello with post-quantum key shares has about 1.8 kB;
    /// nginx, HAProxy and Envoy stop at 16 KiB too. It bounds what a client can make the edge look at.
    package static let maximumMessageLength = 16 * 1024

    /// Bytes of the longest hello, with the headers of all its records.
    package static let maximumWireLength =
        HandshakeRecords.messageHeadLength + maximumMessageLength
        + HandshakeRecords.maximumCount * HandshakeRecords.headerLength
}
