/// The optional extensions of a version 2 header, all absent by default.
///
/// The SSL extension (0x20) cannot be expressed on purpose: a receiver takes it for "already encrypted" and then allows
/// plain-text passwords, and the edge never ends TLS.
package struct ProxyExtensions: Sendable, Equatable {
    /// The server name the client asked for.
    package var authority: InlineBytes?
    /// One protocol name without its length byte.
    package var alpn: InlineBytes?
    /// The edge's name for the connection, so that the logs of both ends can be joined. Longer than
    /// ``ProxyHeader/maximumUniqueIDLength`` it is left out, because receivers refuse the whole header.
    package var uniqueID: InlineBytes?
    /// Whether to add a checksum of the whole header.
    package var crc32c: Bool

    package init(
        authority: InlineBytes? = nil, alpn: InlineBytes? = nil, uniqueID: InlineBytes? = nil, crc32c: Bool = false
    ) {
        self.authority = authority
        self.alpn = alpn
        self.uniqueID = uniqueID
        self.crc32c = crc32c
    }
}
