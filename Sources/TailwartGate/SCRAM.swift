import TailwartClient

/// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding: both sides prove that they know the password, and neither
/// says it.
struct SCRAM {
    private let password: [UInt8]
    private let nonce: String
    private let bare: String
    /// What the server must say at the end to be the one that knows the password.
    private var signature: [UInt8]?

    /// What a server may ask for: PostgreSQL has 4096 by default. More would keep the gate busy for whoever answers.
    private static let iterations = 1...1_000_000

    /// - Parameters:
    ///   - user: PostgreSQL takes the one of the startup message, and this is empty.
    ///   - password: as it is; the preparation of RFC 4013 changes nothing in ASCII.
    ///   - nonce: of printable ASCII without a comma, another one each time.
    init(user: String = "", password: String, nonce: String) {
        self.password = Array(password.utf8)
        self.nonce = nonce
        bare = "n=\(user),r=\(nonce)"
    }

    /// The first message.
    var first: String { "n,,\(bare)" }

    /// The proof, as an answer to the server's first message; nil if that is none.
    mutating func proof(for challenge: String) -> String? {
        let fields = Self.fields(of: challenge)
        guard let theirs = fields["r"], theirs.hasPrefix(nonce), theirs.utf8.count > nonce.utf8.count,
            let salt = fields["s"].flatMap({ Base64.decode($0) }), !salt.isEmpty,
            let iterations = fields["i"].flatMap({ Int($0) }), Self.iterations.contains(iterations)
        else { return nil }
        let salted = SHA256.derive(password: password, salt: salt, iterations: iterations)
        // "biws" is "n,," in Base64: no channel binding.
        let final = "c=biws,r=\(theirs)"
        let message = Array("\(bare),\(challenge),\(final)".utf8)
        let key = SHA256.hmac(key: salted, Array("Client Key".utf8))
        let proof = zip(key, SHA256.hmac(key: SHA256.hash(key), message)).map { $0 ^ $1 }
        signature = SHA256.hmac(key: SHA256.hmac(key: salted, Array("Server Key".utf8)), message)
        return "\(final),p=\(Base64.encode(proof))"
    }

    /// Whether the server's last message proves that it knows the password too.
    func isProven(by answer: String) -> Bool {
        guard let signature, let theirs = Self.fields(of: answer)["v"].flatMap({ Base64.decode($0) }) else {
            return false
        }
        return theirs == signature
    }

    private static func fields(of message: String) -> [Substring: Substring] {
        message.split(separator: ",").reduce(into: [:]) { fields, field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
        }
    }
}
