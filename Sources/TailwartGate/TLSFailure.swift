import NIOSSL

/// A handshake that failed, in few words.
struct TLSFailure {
    let text: String
    let fix: String

    /// Nil if it has nothing to do with TLS.
    init?(_ error: any Error) {
        guard error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError else { return nil }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            text = "its certificate is for another name"
            fix = "ask for a name that is in the certificate; --insecure takes any certificate"
            return
        }
        switch Self.reason("\(error)") {
        case "CERTIFICATE_VERIFY_FAILED":
            text = "its certificate is not trusted by this system"
            fix = "install the package ca-certificates, or add its authority; --insecure takes any certificate"
        case "WRONG_VERSION_NUMBER":
            text = "it does not speak TLS there"
            fix = "correct the port, or write http:// in place of https://"
        case let reason?:
            text = "the TLS handshake failed: \(reason.lowercased().split(separator: "_").joined(separator: " "))"
            fix = "look at that server's TLS settings"
        case nil:
            text = "the TLS handshake was broken off"
            fix = "look at that server's log"
        }
    }

    /// BoringSSL's own word, which NIOSSL passes on only inside a description:
    /// `error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`
    private static func reason(_ description: String) -> Substring? {
        guard let mark = description.firstRange(of: "OPENSSL_internal:") else { return nil }
        let word = description[mark.upperBound...].prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        return word.isEmpty ? nil : word
    }
}
