import CTailwartTLS
package import NIOCore

/// The settings of one side of TLS, shared by its connections.
package final class TLSContext: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer
    let isServer: Bool
    /// For the other side's close_notify, after our own.
    let goodbye: TimeAmount
    private let applicationProtocols: [UInt8]

    package enum Trust: Sendable {
        /// Any certificate, of old and weak servers too: for a client that looks at it itself and protects nothing.
        case anybody
        /// Whoever these authorities know.
        case only(Authorities)
    }

    /// For clients.
    ///
    /// - Parameters:
    ///   - applicationProtocols: to offer by ALPN (RFC 7301), the favourite first.
    ///   - isHelloLarge: does not fit one packet of any usual network.
    package init(
        trusting trust: Trust, applicationProtocols: [String] = [], isHelloLarge: Bool = false,
        goodbye: TimeAmount = .milliseconds(300)
    ) throws {
        _ = OpenSSL.isReady
        isServer = false
        self.goodbye = goodbye
        self.applicationProtocols = Self.list(applicationProtocols)
        pointer = try OpenSSL.made(SSL_CTX_new(TLS_client_method()), "TLS cannot be set up")
        tls_set_modes(pointer)
        if isHelloLarge {
            try OpenSSL.check(tls_make_hello_large(pointer), "TLS cannot be set up")
        }
        switch trust {
        case .anybody:
            SSL_CTX_set_security_level(pointer, 0)
            try OpenSSL.check(SSL_CTX_set_cipher_list(pointer, "DEFAULT:@SECLEVEL=0"), "TLS cannot be set up")
            try OpenSSL.check(tls_set_minimum_version(pointer, TLS1_VERSION), "TLS cannot be set up")
            tls_allow_old_servers(pointer)
        case .only(let authorities):
            // RFC 8996 retires what is older.
            try OpenSSL.check(tls_set_minimum_version(pointer, TLS1_2_VERSION), "TLS cannot be set up")
            SSL_CTX_set1_cert_store(pointer, authorities.store)
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        }
        if !self.applicationProtocols.isEmpty {
            SSL_CTX_set_alpn_protos(
                pointer, self.applicationProtocols, UInt32(self.applicationProtocols.count))
        }
    }

    /// For servers.
    ///
    /// - Parameter applicationProtocols: to choose from by ALPN; a client that offers none of them goes on without.
    package init(
        serving identity: Identity, applicationProtocols: [String] = [], goodbye: TimeAmount = .seconds(2)
    ) throws {
        _ = OpenSSL.isReady
        isServer = true
        self.goodbye = goodbye
        self.applicationProtocols = Self.list(applicationProtocols)
        pointer = try OpenSSL.made(SSL_CTX_new(TLS_server_method()), "TLS cannot be set up")
        tls_set_modes(pointer)
        try OpenSSL.check(tls_set_minimum_version(pointer, TLS1_2_VERSION), "TLS cannot be set up")
        // Nobody comes back with one, and a client that leaves without reading them resets the connection.
        SSL_CTX_set_num_tickets(pointer, 0)
        try OpenSSL.check(
            SSL_CTX_use_certificate(pointer, identity.certificate.pointer), "the certificate cannot be used")
        for other in identity.chain.dropFirst() {
            try OpenSSL.check(tls_add_chain_certificate(pointer, other.pointer), "the chain cannot be used")
        }
        try OpenSSL.check(SSL_CTX_use_PrivateKey(pointer, identity.key.pointer), "the key cannot be used")
        guard !self.applicationProtocols.isEmpty else { return }
        SSL_CTX_set_alpn_select_cb(pointer, chooseProtocol, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { SSL_CTX_free(pointer) }

    /// Each with its length in front (RFC 7301 section 3.1).
    private static func list(_ names: [String]) -> [UInt8] {
        names.filter { (1...255).contains($0.utf8.count) }.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }

    /// - Returns: the place of the choice in the client's offer.
    fileprivate func choose(from offer: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var own = applicationProtocols[...]
        while let length = own.first, own.count > Int(length) {
            let wanted = own.prefix(Int(length) + 1)
            var start = 0
            while start < offer.count {
                let end = start + 1 + Int(offer[start])
                guard end <= offer.count else { break }
                if offer[start..<end].elementsEqual(wanted) { return start + 1..<end }
                start = end
            }
            own = own.dropFirst(wanted.count)
        }
        return nil
    }
}

/// See SSL_CTX_set_alpn_select_cb(3).
private func chooseProtocol(
    connection: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    length: UnsafeMutablePointer<UInt8>?, offer: UnsafePointer<UInt8>?, offerLength: UInt32,
    context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context, let offer, let chosen, let length else { return SSL_TLSEXT_ERR_NOACK }
    // Lives as long as its SSL_CTX.
    let owner = Unmanaged<TLSContext>.fromOpaque(context).takeUnretainedValue()
    guard let choice = owner.choose(from: UnsafeBufferPointer(start: offer, count: Int(offerLength))) else {
        return SSL_TLSEXT_ERR_NOACK
    }
    chosen.pointee = offer + choice.lowerBound
    length.pointee = UInt8(clamping: choice.count)
    return SSL_TLSEXT_ERR_OK
}
