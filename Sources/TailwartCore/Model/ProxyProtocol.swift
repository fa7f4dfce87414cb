/// The PROXY header that an upstream wants.
package struct ProxyProtocolOut: Sendable, Hashable {
    package enum Version: String, CaseIterable, Sendable {
        case none
        case v1
        case v2
    }

    /// The optional type-length-values of version 2, all off by default. The SSL one is not here on purpose: a receiver
    /// takes it for "already encrypted" and allows plain-text passwords, and the edge never ends TLS.
    package struct TLVs: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let authority = TLVs(rawValue: 1)
        package static let alpn = TLVs(rawValue: 2)
        package static let crc32c = TLVs(rawValue: 4)
        package static let uniqueID = TLVs(rawValue: 8)
    }

    package var version: Version
    package var tlvs: TLVs

    package init(_ version: Version, tlvs: TLVs = []) {
        self.version = version
        self.tlvs = tlvs
    }
}

/// The PROXY header that a listener requires of trusted networks and believes of nobody else.
package struct ProxyProtocolIn: Sendable, Hashable {
    /// What becomes of clients that are not in a trusted network.
    package enum Others: String, CaseIterable, Sendable {
        case close
        /// They are clients themselves, and come without a header.
        case direct
    }

    package var trusted: [Network]
    /// How long to wait for the whole header; at least 3 s so that one retransmission fits (PROXY protocol, section 2).
    package var timeout: Duration
    package var others: Others

    package static let defaultTimeout = Duration.seconds(5)
    package static let timeoutRange = Duration.seconds(3)...Duration.seconds(30)

    package init(trusted: [Network], timeout: Duration = defaultTimeout, others: Others = .close) {
        self.trusted = trusted
        self.timeout = timeout
        self.others = others
    }
}
