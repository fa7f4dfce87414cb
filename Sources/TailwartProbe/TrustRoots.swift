import FoundationEssentials
import SwiftASN1
import X509

/// The authorities that clients trust, read from PEM files and kept until a file changes.
actor TrustRoots {
    struct Authorities: Sendable {
        let certificates: [Certificate]
        let store: CertificateStore

        init(_ certificates: [Certificate]) {
            self.certificates = certificates
            store = CertificateStore(certificates)
        }
    }

    /// Why there are none, as the end of a sentence.
    struct Missing: Error, Equatable {
        let reason: String
    }

    /// Debian, Ubuntu, Arch and Alpine; Fedora.
    private static let systemPaths = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    /// Bytes of a file; Debian's has about 220 KiB.
    private static let maximumSize = 8 << 20

    private var known: [String: (stamp: Stamp, authorities: Authorities)] = [:]

    private struct Stamp: Equatable {
        let size: UInt64
        let modified: Date?
    }

    /// - Parameter path: nil: the system's.
    func load(_ path: String?) -> Result<Authorities, Missing> {
        if let path { return read(path) }
        for path in Self.systemPaths {
            if case .success(let authorities) = read(path) { return .success(authorities) }
        }
        return .failure(
            Missing(
                reason:
                    "this host has no list of authorities (\(Self.systemPaths[0])); install ca-certificates or set trust_roots"
            ))
    }

    private func read(_ path: String) -> Result<Authorities, Missing> {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            // A boxed number where the program links Foundation, a plain one where it does not; their text is the same.
            let size = attributes[.size].flatMap({ UInt64("\($0)") })
        else { return .failure(Missing(reason: "\(path) cannot be read")) }
        let stamp = Stamp(size: size, modified: attributes[.modificationDate] as? Date)
        if let known = known[path], known.stamp == stamp { return .success(known.authorities) }
        guard stamp.size <= Self.maximumSize else { return .failure(Missing(reason: "\(path) is too large")) }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            return .failure(Missing(reason: "\(path) cannot be read as text"))
        }
        // The system's list may hold one that this program cannot read; the others count all the same.
        let certificates = ((try? PEMDocument.parseMultiple(pemString: text)) ?? []).compactMap {
            try? Certificate(pemDocument: $0)
        }
        guard !certificates.isEmpty else {
            return .failure(Missing(reason: "\(path) holds no certificate in PEM form"))
        }
        let authorities = Authorities(certificates)
        known[path] = (stamp, authorities)
        return .success(authorities)
    }
}
