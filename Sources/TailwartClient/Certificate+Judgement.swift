import CTailwartTLS

/// One thing that is wrong with a server's certificate or with the chain that leads from it to an authority.
package enum CertificateFault: Sendable, Hashable, CustomStringConvertible {
    case expired
    case notYetValid
    case selfSigned
    /// No trusted authority has issued it, although the server sends further certificates.
    case unknownIssuer
    /// The same, and it sends none.
    case missingIssuer
    case wrongName
    /// A key or a signature that can be forged: below 112 bits of strength (NIST SP 800-57 part 1).
    case weak
    case badSignature
    case revoked
    /// Made for something else than servers.
    case notForServers
    /// Issued by a certificate that may issue none.
    case notAnAuthority
    case tooLong
    /// In OpenSSL's words.
    case other(String)

    /// The end of a sentence.
    package var description: String {
        switch self {
        case .expired: "a certificate has expired"
        case .notYetValid: "a certificate is not yet valid"
        case .selfSigned: "it is signed by itself"
        case .unknownIssuer: "no trusted authority has issued it"
        case .missingIssuer: "the server sends no certificate of its issuer"
        case .wrongName: "it is for another name"
        case .weak: "a key or a signature is too weak"
        case .badSignature: "a signature is wrong"
        case .revoked: "it has been revoked"
        case .notForServers: "the certificate is not for servers"
        case .notAnAuthority: "it was issued by a certificate that may issue none"
        case .tooLong: "the chain of certificates is too long"
        case .other(let words): words
        }
    }

    /// - Parameters:
    ///   - code: `X509_V_ERR_…`, see X509_STORE_CTX_get_error(3).
    ///   - isAlone: the server sent its own certificate only.
    init(code: Int32, isAlone: Bool) {
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: self = .selfSigned
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED:
            self = isAlone ? .missingIssuer : .unknownIssuer
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongName
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: self = .weak
        case X509_V_ERR_CERT_SIGNATURE_FAILURE: self = .badSignature
        case X509_V_ERR_CERT_REVOKED: self = .revoked
        case X509_V_ERR_INVALID_PURPOSE: self = .notForServers
        case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: self = .notAnAuthority
        case X509_V_ERR_CERT_CHAIN_TOO_LONG, X509_V_ERR_PATH_LENGTH_EXCEEDED: self = .tooLong
        default: self = .other(String(cString: X509_verify_cert_error_string(Int(code))))
        }
    }
}

extension Certificate {
    /// Certificates of a server's list that are looked at. Public chains have up to four.
    private static let maximumChain = 12
    /// OpenSSL's security level: 112 bits, which Debian's own programs ask for.
    private static let level: Int32 = 2

    /// Whether a server's certificate leads to an authority, whatever its names.
    ///
    /// - Parameters:
    ///   - others: that the server sent with it, in any order.
    ///   - now: seconds since 1970.
    /// - Returns: every fault, the most telling first; empty if all is well.
    package func faults(with others: [Certificate], trusting authorities: Authorities, at now: Int)
        -> [CertificateFault]
    {
        // One that the operator has put among the authorities is trusted for itself, without being an authority.
        guard !authorities.certificates.contains(self) else { return [] }
        guard let verification = X509_STORE_CTX_new(), let list = tls_new_list() else { return [.other("no memory")] }
        defer {
            X509_STORE_CTX_free(verification)
            tls_free_list(list)
            ERR_clear_error()
        }
        let others = others.prefix(Self.maximumChain)
        for other in others { _ = tls_append(list, other.pointer) }
        guard X509_STORE_CTX_init(verification, authorities.store, pointer, list) == 1 else {
            return [.other("no memory")]
        }
        tls_set_verification(verification, Int64(now), Int32(Self.maximumChain), Self.level)
        var codes = Codes()
        let result = withUnsafeMutablePointer(to: &codes) { codes in
            X509_STORE_CTX_set_ex_data(verification, 0, codes)
            X509_STORE_CTX_set_verify_cb(verification, noteCode)
            return withExtendedLifetime(others) { X509_verify_cert(verification) }
        }
        if result <= 0 { codes.note(X509_STORE_CTX_get_error(verification)) }
        var faults: [CertificateFault] = []
        for code in codes.all {
            let fault = CertificateFault(code: code, isAlone: others.isEmpty)
            if !faults.contains(fault) { faults.append(fault) }
        }
        if !isForServers { faults.append(.notForServers) }
        return faults
    }
}

/// What was wrong in one verification, in the order in which it was found.
private struct Codes {
    private(set) var all: [Int32] = []

    mutating func note(_ code: Int32) {
        if code != X509_V_OK, !all.contains(code) { all.append(code) }
    }
}

/// Notes the fault and lets the verification go on, so that none is hidden by another.
private func noteCode(isGood: Int32, verification: OpaquePointer?) -> Int32 {
    guard isGood == 0, let verification, let codes = X509_STORE_CTX_get_ex_data(verification, 0) else { return 1 }
    codes.assumingMemoryBound(to: Codes.self).pointee.note(X509_STORE_CTX_get_error(verification))
    return 1
}
