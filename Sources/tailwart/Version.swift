import CTailwartVersion

/// What this program is.
struct Version: Encodable {
    let version: String
    let commit: String
    let swift: String
    let features: [String]

    static let current = Version(
        version: "0.1.0", commit: String(cString: tailwart_commit()), swift: "6.3",
        features: ["proxy-protocol-v1", "proxy-protocol-v2", "server-name-routing", "socks5", "splice", "try"])

    var line: String { "tailwart \(version) (commit \(commit), Swift \(swift))" }
}
