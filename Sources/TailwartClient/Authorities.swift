import CTailwartTLS
import Glibc

/// Certificates that are trusted.
package final class Authorities: Sendable {
    package let certificates: [Certificate]
    /// OpenSSL guards it with a lock of its own.
    nonisolated(unsafe) let store: OpaquePointer

    /// - Throws: only if there is no memory.
    package init(_ certificates: [Certificate]) throws {
        _ = OpenSSL.isReady
        self.certificates = certificates
        store = try OpenSSL.made(X509_STORE_new(), "a list of authorities cannot be made")
        for certificate in certificates { _ = X509_STORE_add_cert(store, certificate.pointer) }
        ERR_clear_error()
    }

    deinit { X509_STORE_free(store) }

    /// Why there are none, as the end of a sentence.
    package struct Missing: Error, Equatable, CustomStringConvertible {
        package let reason: String

        package init(reason: String) { self.reason = reason }

        package var description: String { reason }
    }

    /// Debian, Ubuntu, Arch and Alpine; Fedora.
    static let systemPaths = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    static let noSystemList = "this host has no list of authorities (\(systemPaths[0]))"

    /// Those that this host trusts.
    package static func system() throws(Missing) -> Authorities {
        for path in systemPaths {
            if let text = try? PEMFile.read(path), let found = try? PEMFile.authorities(in: text, of: path) {
                return found
            }
        }
        throw Missing(reason: noSystemList)
    }
}

/// A file of certificates.
enum PEMFile {
    /// Bytes of a file; Debian's list has about 220 KiB.
    private static let maximumSize = 8 << 20

    static func read(_ path: String) throws(Authorities.Missing) -> [UInt8] {
        guard let file = fopen(path, "re") else { throw Authorities.Missing(reason: "\(path) cannot be read") }
        defer { fclose(file) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            text += chunk.prefix(count)
            guard text.count <= maximumSize else { throw Authorities.Missing(reason: "\(path) is too large") }
            guard count < chunk.count else { continue }
            guard ferror(file) == 0 else { throw Authorities.Missing(reason: "\(path) cannot be read") }
            return text
        }
    }

    static func authorities(in text: [UInt8], of path: String) throws(Authorities.Missing) -> Authorities {
        let certificates = Certificate.all(inPEM: text)
        guard !certificates.isEmpty, let authorities = try? Authorities(certificates) else {
            throw Authorities.Missing(reason: "\(path) holds no certificate in PEM form")
        }
        return authorities
    }
}

/// The authorities that clients trust, read from PEM files and kept until a file changes.
package actor TrustRoots {
    private var known: [String: (text: [UInt8], authorities: Authorities)] = [:]

    package init() {}

    /// - Parameter path: nil: the system's.
    package func load(_ path: String?) -> Result<Authorities, Authorities.Missing> {
        if let path { return read(path) }
        for path in Authorities.systemPaths {
            if case .success(let authorities) = read(path) { return .success(authorities) }
        }
        return .failure(.init(reason: "\(Authorities.noSystemList); install ca-certificates or set trust_roots"))
    }

    private func read(_ path: String) -> Result<Authorities, Authorities.Missing> {
        Result { () throws(Authorities.Missing) in
            let text = try PEMFile.read(path)
            // Reading is cheap; making objects of a hundred certificates is not.
            if let known = known[path], known.text == text { return known.authorities }
            let authorities = try PEMFile.authorities(in: text, of: path)
            known[path] = (text, authorities)
            return authorities
        }
    }
}
