import TailwartCore
import TailwartTailnet
import TailwartWire

/// What tailscaled says of this host and of the mailbox, and what follows.
struct TailnetCheck: Sendable {
    let socket: String
    /// Names and addresses of upstreams, as far as the tailnet may know them.
    let names: [String]
    let addresses: [IPAddress]
    /// Whether some upstream is dialled through tailscaled.
    let isDialledThrough: Bool
    /// Names that are dialled directly, which userspace mode does not allow.
    let direct: Set<String>
    let edgeTag: String

    /// Nil if nothing in the file has to do with a tailnet.
    init?(_ configuration: Configuration, edgeTag: String) {
        guard let tailscale = configuration.tailscale else { return nil }
        socket = tailscale.socket
        names = configuration.tailnetNames
        addresses = configuration.tailnetAddresses
        isDialledThrough = configuration.upstreams.contains { $0.via == .tailscale }
        direct = Set(configuration.hostNames)
        self.edgeTag = edgeTag
        guard isDialledThrough || !names.isEmpty || !addresses.isEmpty else { return nil }
    }

    /// - Parameters:
    ///   - pings: of peers that answered, by name: they know the path better than the status, which says nothing while it is idle.
    ///   - now: seconds since 1970.
    func findings(
        _ answer: Result<TailnetStatus, LocalAPIError>, pings: [String: TailnetPing] = [:], at now: Int
    ) -> [Finding] {
        switch answer {
        case .failure(let error): [failure(error)]
        case .success(let status) where status.backendState != .running:
            [
                Finding(
                    .tailnet, "tailscaled", .fail, "tailscaled \(status.backendState.meaning).",
                    fix: status.backendState == .needsLogin
                        ? login
                        : status.backendState.fix.map(Self.sentence) ?? "Wait a moment, then look at: tailscale status."
                )
            ]
        case .success(let status): standing(status, at: now) + peers(status, pings)
        }
    }

    /// With the tag at once: a key cannot carry one that the policy does not know.
    private var login: String {
        "Log in with the tag: sudo tailscale up --advertise-tags=\(edgeTag) (in a container: give it a new TS_AUTHKEY). The tailnet's "
            + "policy must know the tag before: `tailwart acl` prints it."
    }

    private func failure(_ error: LocalAPIError) -> Finding {
        // A name of the DNS needs no tailnet, and nobody here knows which it is.
        let isNeeded =
            isDialledThrough || !addresses.isEmpty || names.contains { $0.hasSuffix(".ts.net") || !$0.contains(".") }
        return Finding(
            .tailnet, "tailscaled", isNeeded ? .fail : .unknown, "\(Self.sentence(error.sentence))",
            fix: isNeeded
                ? Self.sentence(error.fix)
                : "Nothing to do if the mailbox is not on a tailnet: tailscale: off in the file says so.")
    }

    private func standing(_ status: TailnetStatus, at now: Int) -> [Finding] {
        var findings: [Finding] = []
        let addresses = status.ownAddresses.map(\.description).joined(separator: ", ")
        if status.isExpired || status.keyExpiry.map({ $0 <= now }) ?? false {
            findings.append(
                Finding(
                    .tailnet, "tailscaled", .fail, "The key of this host has expired.",
                    fix: "sudo tailscale up --force-reauth"))
        } else if addresses.isEmpty {
            findings.append(
                Finding(
                    .tailnet, "tailscaled", .fail, "tailscaled has no address yet.", fix: "Look at: tailscale status."))
        } else {
            findings.append(
                Finding(.tailnet, "tailscaled", .pass, "Running; this host is \(status.ownName), \(addresses)."))
        }
        findings.append(tag(status, at: now))
        if !status.health.isEmpty {
            findings.append(
                Finding(
                    .tailnet, "health", .warn, "tailscaled complains: \(status.health.joined(separator: "; "))",
                    fix: "Look at: tailscale status."))
        }
        return findings
    }

    private func tag(_ status: TailnetStatus, at now: Int) -> Finding {
        if status.ownTags.contains(edgeTag) {
            // An administrator can end a key all the same.
            let isKept = !status.isExpired && status.keyExpiry == nil
            return Finding(
                .tailnet, "tag", .pass, "This host has \(edgeTag)\(isKept ? ", so its key does not expire" : "").")
        }
        let fix = "sudo tailscale up --advertise-tags=\(edgeTag)"
        guard !status.ownTags.isEmpty else {
            let days =
                status.keyExpiry.map { " in \(max(0, ($0 - now) / 86_400)) days" } ?? " unless that was turned off"
            return Finding(
                .tailnet, "tag", .warn,
                "This host has no tag: its key expires\(days), and then the edge is cut off; and it has its owner's rights.",
                fix: "\(fix); `tailwart acl` prints what the policy must say.", matter: .untagged)
        }
        return Finding(
            .tailnet, "tag", .warn, "This host has \(status.ownTags.joined(separator: ", ")) and not \(edgeTag).",
            fix: "\(fix); or name the tag that the policy grants the ports to: --edge-tag \(status.ownTags[0]).",
            matter: .untagged)
    }

    static func sentence(_ text: String) -> String {
        let first = text.hasPrefix("tailscaled") ? String(text.prefix(1)) : text.prefix(1).uppercased()
        return first + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}

extension Configuration {
    /// Addresses of endpoints that are a tailnet's, each once.
    var tailnetAddresses: [IPAddress] {
        upstreams.flatMap(\.endpoints).compactMap {
            if case .address(let address) = $0.host, address.isOfTailnet { address } else { nil }
        }.withoutRepeats
    }
}
