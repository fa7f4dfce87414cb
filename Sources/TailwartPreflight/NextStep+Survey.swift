import TailwartCore

extension NextStep {
    /// What findings mean beside each other.
    struct Survey {
        /// Endpoints of which a probe met the server on some port.
        private let met: Set<String>
        /// Endpoints that serve something besides web pages.
        private let mail: Set<String>
        /// Whether the lack of the edge's tag may be why the mailbox cannot be seen or reached.
        private let isTagMissed: Bool

        init(_ findings: [Finding]) {
            let probed = findings.compactMap {
                finding -> (verdict: Verdict, endpoint: String, proto: ListenerProtocol)? in
                guard case .verdict(let verdict, let endpoint, let proto) = finding.matter else { return nil }
                return (verdict, endpoint, proto)
            }
            met = Set(probed.filter { $0.verdict.isOfServer }.map(\.endpoint))
            mail = Set(probed.filter { $0.proto != .https }.map(\.endpoint))
            let first = findings.first { $0.result == .fail && ($0.check == .peer || $0.matter?.isOfPolicy ?? false) }
            isTagMissed = first?.matter?.isOfPolicy ?? false
        }

        /// 0 first: what keeps mail from passing, then what is to be mended, then what could not be found out.
        func urgency(of finding: Finding) -> Int {
            switch finding.result {
            case .fail: 0
            case .warn: finding.matter == .untagged && isTagMissed ? 0 : 1
            case .pass, .unknown: 2
            }
        }

        func step(of finding: Finding) -> Step {
            if case .verdict(let verdict, let endpoint, _) = finding.matter { return step(of: verdict, at: endpoint) }
            if finding.matter == .untagged { return .join }
            // Before it orders a certificate for that name.
            if finding.matter == .misnamed { return .trust }
            guard finding.result == .fail else { return .rest }
            return switch finding.check {
            case .tailnet: .join
            case .peer, .name: .policy
            case .port, .address, .firewall: .edge
            default: .rest
            }
        }

        private func step(of verdict: Verdict, at endpoint: String) -> Step {
            if verdict.isOfWay { return .policy }
            switch verdict {
            case .headerNotTrusted, .headerRequired, .headerLost, .headerUnwanted, .banned: return .trust
            case .certificateFallback, .certificateLost, .certificateSelfSigned, .certificateExpired,
                .certificateNotReloaded, .certificateNotYetValid, .certificateExpiring, .certificateNameMismatch,
                .certificateUntrusted, .tlsFailed, .startTLSMissing, .startTLSRefused:
                return .certificate
            case .wrongProtocol: return .ports
            case .well, .slow, .nameRefused, .recipientUnknown, .unprobed: return .rest
            default:
                // The web server stands on the edge's own host, and mail passes without it.
                if !mail.contains(endpoint) { return .edge }
                return !verdict.isOfServer && met.contains(endpoint) ? .ports : .mailbox
            }
        }
    }
}

extension Verdict {
    /// Whether it is about the way to the mailbox.
    fileprivate var isOfWay: Bool {
        switch self {
        case .nameUnknown, .timeout, .unreachable, .proxyFailed: true
        default: false
        }
    }

    /// Whether there is a server on the port.
    fileprivate var isOfServer: Bool {
        switch self {
        case .ownAddress, .refused, .booting, .unprobed: false
        default: !isOfWay
        }
    }
}

extension Finding.Matter {
    /// Whether the tailnet's policy can be the cause.
    fileprivate var isOfPolicy: Bool {
        switch self {
        case .verdict(let verdict, _, _): verdict.isOfWay
        case .unseen: true
        case .untagged, .misnamed: false
        }
    }
}
