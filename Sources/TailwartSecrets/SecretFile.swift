/// Files that hold secrets and nothing else, known by their names.
enum SecretFile {
    private static let names = [
        ".pgpass": "PostgreSQL's passwords", "pgpass.conf": "PostgreSQL's passwords",
        ".netrc": "passwords of other hosts", "_netrc": "passwords of other hosts",
        ".git-credentials": "passwords of code hosts",
        "tailscaled.state": "the state of tailscaled with this host's private keys",
    ]

    static func kind(path: String, bytes: [UInt8]) -> String? {
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        return bytes.isEmpty ? nil : names[name]
    }
}
