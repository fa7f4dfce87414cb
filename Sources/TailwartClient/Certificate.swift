import CTailwartTLS

/// An X.509 certificate (RFC 5280), which never changes.
package struct Certificate: Sendable, Equatable {
    private let handle: Handle

    /// One reference to OpenSSL's object, which is safe to read from any thread.
    private final class Handle: Sendable {
        nonisolated(unsafe) let pointer: OpaquePointer

        init(_ pointer: OpaquePointer) { self.pointer = pointer }

        deinit { X509_free(pointer) }
    }

    /// - Parameter pointer: whose reference is taken over.
    init(owning pointer: OpaquePointer) { handle = Handle(pointer) }

    init(sharing pointer: OpaquePointer) {
        X509_up_ref(pointer)
        self.init(owning: pointer)
    }

    /// - Throws: in OpenSSL's words.
    package init(der: [UInt8]) throws {
        _ = OpenSSL.isReady
        ERR_clear_error()
        let pointer = der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return d2i_X509(nil, &next, bytes.count)
        }
        self.init(owning: try OpenSSL.made(pointer, "it is not a certificate"))
    }

    /// All certificates in a PEM text (RFC 7468); one that cannot be read does not spoil the others.
    package static func all(inPEM text: [UInt8]) -> [Certificate] {
        _ = OpenSSL.isReady
        return text.withUnsafeBytes { bytes in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return [] }
            defer { BIO_free(source) }
            var certificates: [Certificate] = []
            while true {
                if let pointer = PEM_read_bio_X509(source, nil, nil, nil) {
                    certificates.append(Certificate(owning: pointer))
                    continue
                }
                let isEnd = tls_is_end_of_pem(ERR_peek_last_error()) != 0 || BIO_ctrl_pending(source) == 0
                ERR_clear_error()
                if isEnd { return certificates }
            }
        }
    }

    package static func == (one: Certificate, other: Certificate) -> Bool { X509_cmp(one.pointer, other.pointer) == 0 }

    /// Valid as long as the certificate is.
    var pointer: OpaquePointer { handle.pointer }

    package var der: [UInt8] {
        let length = Int(i2d_X509(pointer, nil))
        guard length > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: length) { bytes, count in
            var next = bytes.baseAddress
            count = max(0, Int(i2d_X509(pointer, &next)))
        }
    }

    package var pem: String { PEM.text { PEM_write_bio_X509($0, pointer) } }

    /// As RFC 4514 writes it.
    package var subject: String { Self.text(X509_get_subject_name(pointer)) }
    package var issuer: String { Self.text(X509_get_issuer_name(pointer)) }

    /// Subject and issuer are the same.
    package var isSelfSigned: Bool {
        X509_NAME_cmp(X509_get_subject_name(pointer), X509_get_issuer_name(pointer)) == 0
    }

    /// Seconds since 1970; nil where the certificate has no date there.
    package var notBefore: Int? { Self.seconds(X509_get0_notBefore(pointer)) }
    package var notAfter: Int? { Self.seconds(X509_get0_notAfter(pointer)) }

    /// `RSA`, `RSA-PSS`, `EC`, `ED25519`; nil if OpenSSL does not know it.
    package var keyAlgorithm: String? {
        guard let key = X509_get0_pubkey(pointer), let name = EVP_PKEY_get0_type_name(key) else { return nil }
        return String(cString: name)
    }

    /// Length of the public key; 0 if OpenSSL does not know its algorithm.
    package var keyBits: Int { X509_get0_pubkey(pointer).map { Int(EVP_PKEY_get_bits($0)) } ?? 0 }

    /// It says that it may be shown by servers, or nothing about that.
    var isForServers: Bool { tls_is_for_servers(pointer) != 0 }

    private static func text(_ name: OpaquePointer?) -> String {
        guard let name, let text = tls_name_text(name) else { return "" }
        defer { tls_free_text(text) }
        return String(cString: text)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var seconds: Int64 = 0
        guard let time, tls_seconds(time, &seconds) == 1 else { return nil }
        return Int(seconds)
    }
}

enum PEM {
    /// What a function of OpenSSL writes into a memory BIO.
    static func text(_ write: (OpaquePointer) -> Int32) -> String {
        guard let target = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(target) }
        guard write(target) == 1 else { return "" }
        let length = BIO_ctrl_pending(target)
        return String(unsafeUninitializedCapacity: length) { bytes in
            max(0, Int(BIO_read(target, bytes.baseAddress, Int32(clamping: length))))
        }
    }
}
