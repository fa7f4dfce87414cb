import CTailwartTLS
package import TailwartWire

/// A private key, in memory only.
package final class PrivateKey: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    package enum Kind: Sendable, Hashable, CaseIterable {
        case p256
        case p521
        case ed25519
        case rsa
        /// Keys that are for signatures of RSASSA-PSS only (RFC 8017 section 8.1).
        case rsaPSS
    }

    package init(_ kind: Kind = .p256) throws {
        _ = OpenSSL.isReady
        let (algorithm, curve): (String, String?) =
            switch kind {
            case .p256: ("EC", "P-256")
            case .p521: ("EC", "P-521")
            case .ed25519: ("ED25519", nil)
            case .rsa: ("RSA", nil)
            case .rsaPSS: ("RSA-PSS", nil)
            }
        let context = try OpenSSL.made(EVP_PKEY_CTX_new_from_name(nil, algorithm, nil), "no keys of \(algorithm)")
        defer { EVP_PKEY_CTX_free(context) }
        try OpenSSL.check(EVP_PKEY_keygen_init(context), "no keys of \(algorithm)")
        if let curve { try OpenSSL.check(EVP_PKEY_CTX_set_group_name(context, curve), "no curve \(curve)") }
        if algorithm.hasPrefix("RSA") {
            try OpenSSL.check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), "no such RSA")
        }
        var key: OpaquePointer?
        _ = EVP_PKEY_generate(context, &key)
        pointer = try OpenSSL.made(key, "a key cannot be made")
    }

    deinit { EVP_PKEY_free(pointer) }

    /// Unencrypted (RFC 5958), for another program.
    package var pem: String { PEM.text { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) } }

    /// What the algorithm signs with; nil where it brings its own.
    fileprivate var digest: OpaquePointer? { EVP_PKEY_is_a(pointer, "ED25519") == 1 ? nil : EVP_sha256() }
}

/// A certificate that is to be made. Times are seconds since 1970.
package struct CertificateDraft: Sendable {
    package var subject: String
    package var names: [String] = []
    package var addresses: [IPAddress] = []
    package var notBefore: Int
    package var notAfter: Int
    package var isAuthority = false
    /// Says so (RFC 5280 section 4.2.1.12), as those of public authorities do.
    package var isForServers = false

    package init(subject: String, names: [String] = [], notBefore: Int, notAfter: Int) {
        self.subject = subject
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    fileprivate var extensions: [(kind: Int32, value: String)] {
        var extensions: [(Int32, String)] = [(NID_subject_key_identifier, "hash")]
        if isAuthority {
            extensions += [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign")]
        } else {
            extensions += [(NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature")]
        }
        if isForServers { extensions.append((NID_ext_key_usage, "serverAuth")) }
        let hosts = names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        if !hosts.isEmpty { extensions.append((NID_subject_alt_name, hosts.joined(separator: ","))) }
        return extensions
    }
}

/// A certificate with its key, and what leads from it to an authority.
package struct Identity: Sendable {
    /// What a server sends, its own first.
    package var chain: [Certificate]
    package let key: PrivateKey

    /// Its own.
    package let certificate: Certificate

    /// Makes a certificate.
    ///
    /// - Parameters:
    ///   - issuer: nil: it signs itself.
    ///   - serial: of the certificate; the issuer must not use it again (RFC 5280 section 4.1.2.2).
    package init(
        _ draft: CertificateDraft, key: PrivateKey, issuer: Identity? = nil,
        serial: UInt64 = .random(in: 1...(.max >> 1))
    ) throws {
        let what = "the certificate of \(draft.subject) cannot be made"
        let made = try OpenSSL.made(X509_new(), what)
        let certificate = Certificate(owning: made)
        let name = try OpenSSL.made(X509_NAME_new(), what)
        defer { X509_NAME_free(name) }
        try OpenSSL.check(tls_add_common_name(name, draft.subject), what)
        try OpenSSL.check(X509_set_version(made, 2), what)
        try OpenSSL.check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), serial), what)
        try OpenSSL.check(X509_set_subject_name(made, name), what)
        let issuerName = issuer.flatMap { X509_get_subject_name($0.certificate.pointer) } ?? name
        try OpenSSL.check(X509_set_issuer_name(made, issuerName), what)
        guard ASN1_TIME_set(X509_getm_notBefore(made), draft.notBefore) != nil,
            ASN1_TIME_set(X509_getm_notAfter(made), draft.notAfter) != nil
        else { throw OpenSSL.Failure(description: "\(what): its dates") }
        try OpenSSL.check(X509_set_pubkey(made, key.pointer), what)
        let issuing = issuer?.certificate.pointer ?? made
        for (kind, value) in draft.extensions {
            try OpenSSL.check(tls_add_extension(made, issuing, kind, value), "\(what): \(value)")
        }
        if issuer != nil {
            try OpenSSL.check(tls_add_extension(made, issuing, NID_authority_key_identifier, "keyid"), what)
        }
        let signer = issuer?.key ?? key
        try OpenSSL.check(X509_sign(made, signer.pointer, signer.digest), what)
        self.certificate = certificate
        self.key = key
        chain = [certificate]
    }
}
