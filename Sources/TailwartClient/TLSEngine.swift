import CTailwartTLS
import NIOCore

/// One TLS connection between two memory BIOs: bytes in, bytes out, no I/O. Used on one thread at a time.
final class TLSEngine {
    private let connection: OpaquePointer
    /// What came over the network, and what is to go there; both belong to the connection.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let context: TLSContext

    /// Bytes of a record's plaintext (RFC 8446 section 5.1).
    private static let recordLength = 1 << 14

    enum Progress {
        case done
        /// Bytes of the other side are needed.
        case needMore
        case failed(TLSFailure)
    }

    enum Reading {
        case bytes(ByteBuffer)
        case needMore
        /// The other side has said its end: close_notify.
        case end
        case failed(TLSFailure)
    }

    /// - Parameters:
    ///   - serverName: for a client to ask for; not an address.
    ///   - host: a name or an address that the certificate has to be for; checked only where the context trusts somebody.
    init(_ context: TLSContext, serverName: String? = nil, host: String? = nil) throws {
        self.context = context
        connection = try OpenSSL.made(SSL_new(context.pointer), "TLS cannot be set up")
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(connection)
            throw OpenSSL.Failure(description: "TLS cannot be set up: no memory")
        }
        self.incoming = incoming
        self.outgoing = outgoing
        SSL_set_bio(connection, incoming, outgoing)
        guard !context.isServer else {
            SSL_set_accept_state(connection)
            return
        }
        SSL_set_connect_state(connection)
        if let serverName { try OpenSSL.check(tls_set_server_name(connection, serverName), "no server name") }
        // Also takes the text of an address.
        if let host { try OpenSSL.check(tls_expect_name(connection, host), "no name") }
    }

    deinit { SSL_free(connection) }

    /// As the other side sent it, its own certificate first.
    var chain: [Certificate] {
        let list = SSL_get_peer_cert_chain(connection)
        return (0..<tls_count(list)).compactMap { tls_certificate(list, $0).map { Certificate(sharing: $0) } }
    }

    /// `TLSv1.3`.
    var version: String { String(cString: SSL_get_version(connection)) }

    var isModern: Bool { SSL_version(connection) >= TLS1_2_VERSION }

    /// That the client asked for.
    var serverName: String? {
        SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    /// That both sides agreed on (RFC 7301).
    var applicationProtocol: String? {
        var start: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(connection, &start, &length)
        return start.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self) }
    }

    /// Takes bytes from the network.
    func feed(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { bytes in
            // A memory BIO takes everything.
            _ = BIO_write(incoming, bytes.baseAddress, Int32(clamping: bytes.count))
        }
    }

    /// What is to be sent; nil if nothing.
    func takePending() -> ByteBuffer? {
        let count = BIO_ctrl_pending(outgoing)
        guard count > 0 else { return nil }
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            max(0, Int(BIO_read(outgoing, bytes.baseAddress, Int32(clamping: count))))
        }
        return buffer
    }

    func handshake() -> Progress {
        ERR_clear_error()
        let result = SSL_do_handshake(connection)
        return result == 1 ? .done : progress(after: result)
    }

    func read() -> Reading {
        ERR_clear_error()
        var buffer = ByteBufferAllocator().buffer(capacity: Self.recordLength)
        var result: Int32 = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.recordLength) { bytes in
            result = SSL_read(connection, bytes.baseAddress, Int32(clamping: bytes.count))
            return max(0, Int(result))
        }
        guard result <= 0 else { return .bytes(buffer) }
        return switch SSL_get_error(connection, result) {
        case SSL_ERROR_ZERO_RETURN: .end
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .needMore
        default: .failed(failure())
        }
    }

    /// Takes bytes away from the buffer until it is empty or the other side has to say something first.
    func write(_ buffer: inout ByteBuffer) -> Progress {
        while buffer.readableBytes > 0 {
            ERR_clear_error()
            var result: Int32 = 0
            buffer.readWithUnsafeReadableBytes { bytes in
                result = SSL_write(connection, bytes.baseAddress, Int32(clamping: bytes.count))
                return max(0, Int(result))
            }
            if result <= 0 { return progress(after: result) }
        }
        return .done
    }

    /// Says our end: close_notify.
    func sayGoodbye() {
        ERR_clear_error()
        // What it answers tells about the other side's goodbye, which is read as everything else is.
        _ = SSL_shutdown(connection)
        ERR_clear_error()
    }

    private func progress(after result: Int32) -> Progress {
        switch SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .needMore
        default: .failed(failure())
        }
    }

    private func failure() -> TLSFailure {
        let code = Int32(truncatingIfNeeded: SSL_get_verify_result(connection))
        let reason = OpenSSL.takeReason() ?? "it broke off"
        guard code != X509_V_OK, SSL_get_verify_mode(connection) != SSL_VERIFY_NONE else { return TLSFailure(reason) }
        return TLSFailure(reason, CertificateFault(code: code, isAlone: chain.count < 2))
    }
}
