/// Secrets that open nothing. Put together here, so that this file passes the lint that they are made for.
enum Fake {
    static let password = "Tr0ub4dor" + "&3"
    static let body = "kHf83jX9aQ2CNTRL-" + "pL7mW4zR8vB2nY6tC1dE5sG9uJ3hK0qA"
    static let authKey = "tskey-" + "auth-" + body
    static let key = base64(3)

    /// Lines of base64 as a key has them.
    static func base64(_ lines: Int) -> String {
        (0..<lines).map { "MIIEowIBAAKCAQEA\($0)vN7qX2jL5pR8tW1zC4bF6hK9mQ3sU0yE" }.joined(separator: "\n")
    }

    static func pem(_ label: String, body: String = key) -> String {
        "-----BEGIN " + label + "-----\n\(body)\n-----END " + label + "-----\n"
    }

    static func url(_ scheme: String, _ userInfo: String) -> String {
        scheme + "://" + userInfo + "@" + "db.example.net/mail"
    }
}
