/// Tokens that give themselves away by how they begin.
enum Tokens {
    struct Form {
        let prefix: String
        let name: String
        /// Bytes behind the prefix. Shorter ones are how people write examples.
        let length: Int
    }

    /// What the operators of a mail edge hold: tailnet, DNS providers, object stores, code hosts.
    private static let forms = [
        // https://tailscale.com/kb/1277/key-prefixes
        Form(prefix: "tskey-auth-", name: "a Tailscale auth key", length: 16),
        Form(prefix: "tskey-client-", name: "a Tailscale OAuth client secret", length: 16),
        Form(prefix: "tskey-api-", name: "a Tailscale API access token", length: 16),
        Form(prefix: "tskey-scim-", name: "a Tailscale SCIM key", length: 16),
        Form(prefix: "tskey-webhook-", name: "a Tailscale webhook key", length: 16),
        // Of tailscaled's state, plain and, as the file itself has them, in base64 (RFC 4648 section 4).
        Form(prefix: "privkey:", name: "a private key of tailscaled", length: 64),
        Form(prefix: "nlpriv:", name: "a private key of tailnet lock", length: 64),
        Form(prefix: "cHJpdmtleT", name: "a private key of tailscaled", length: 80),
        Form(prefix: "hskey-auth-", name: "a Headscale auth key", length: 24),
        Form(prefix: "hskey-api-", name: "a Headscale API key", length: 24),
        // https://developers.cloudflare.com/fundamentals/api/get-started/token-formats
        Form(prefix: "cfut_", name: "a Cloudflare API token", length: 40),
        Form(prefix: "cfat_", name: "a Cloudflare API token", length: 40),
        Form(prefix: "cfk_", name: "a Cloudflare API key", length: 40),
        Form(prefix: "dop_v1_", name: "a DigitalOcean token", length: 64),
        Form(prefix: "ghp_", name: "a GitHub token", length: 36),
        Form(prefix: "gho_", name: "a GitHub token", length: 36),
        Form(prefix: "ghs_", name: "a GitHub token", length: 36),
        Form(prefix: "github_pat_", name: "a GitHub token", length: 40),
        Form(prefix: "glpat-", name: "a GitLab token", length: 20),
        Form(prefix: "AKIA", name: "an AWS access key", length: 16),
        Form(prefix: "AGE-SECRET-KEY-1", name: "an age secret key", length: 58),
    ]

    /// By first byte, so that most bytes of a line cost one look.
    private static let byFirstByte = (0...255).map { byte in forms.filter { $0.prefix.utf8.first == UInt8(byte) } }

    static func findings(in line: SourceLine) -> [SecretFinding] {
        var findings: [SecretFinding] = []
        let bytes = line.bytes
        var index = bytes.startIndex
        while index < bytes.endIndex, findings.count < SecretScan.findingLimit {
            let start = index
            index += 1
            let candidates = byFirstByte[Int(bytes[start])]
            guard !candidates.isEmpty, start == bytes.startIndex || !bytes[start - 1].isWord,
                let form = candidates.first(where: { bytes[start...].hasPrefix($0.prefix) })
            else { continue }
            let body = bytes[(start + form.prefix.utf8.count)...].prefix { $0.isWord }
            guard body.count >= form.length, !SecretValue.isPlaceholder(String(decoding: body, as: UTF8.self)) else {
                continue
            }
            index = body.endIndex
            findings.append(
                SecretFinding(
                    line: line.number, column: line.column(of: start), "\(form.name), \(form.prefix)…",
                    fix: "take it out, read it from the environment, and revoke it if it was ever pushed"))
        }
        return findings
    }
}
