/// Secrets that open nothing. Put together here, so that this file passes the lint that they are made for.
enum Fake {
    static let password = "Tr0ub4dor" + "&3"
    static let body = "kHf83jX9aQ2CNTRL-" + "pL7mW4zR8vB2nY6tC1dE5sG9uJ3hK0qA"
    static let authKey = "tskey-" + "auth-" + body
}
