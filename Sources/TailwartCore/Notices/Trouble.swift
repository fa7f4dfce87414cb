import TailwartWire

/// Something that is wrong and may last.
package struct Trouble: Sendable, Equatable {
    /// What it is about; there is one trouble of each at a time.
    package enum Subject: Sendable, Hashable {
        /// That a place is turned off.
        case standing(ProbedPlace)
        /// What a probe found there, beside a certificate.
        case finding(ProbedPlace, serverName: String?)
        case certificate(ProbedPlace, serverName: String?)
        case tailscaled
        /// A key of the tailnet; nil: this host's own.
        case key(of: String?)
        /// A mailbox in the tailnet, by its name.
        case peer(String)
        /// That the mailbox bans this edge, as it says itself.
        case edgeBan
        case reload
        case takeover
        /// That this process, or its host, has none left.
        case descriptors

        package var place: ProbedPlace? {
            switch self {
            case .standing(let place), .finding(let place, _), .certificate(let place, _): place
            case .tailscaled, .key, .peer, .edgeBan, .reload, .takeover, .descriptors: nil
            }
        }

        /// Of a place, for a person.
        var label: String? {
            switch self {
            case .standing(let place): place.label(nil)
            case .finding(let place, let name), .certificate(let place, let name): place.label(name)
            case .tailscaled, .key, .peer, .edgeBan, .reload, .takeover, .descriptors: nil
            }
        }

        var kind: NoticeKind {
            switch self {
            case .standing: .unhealthy
            case .finding: .degraded
            case .certificate: .certificate
            case .tailscaled, .key, .peer: .tailnet
            case .edgeBan: .edgeBanned
            case .reload: .reloadFailed
            case .takeover: .takeoverFailed
            case .descriptors: .descriptors
            }
        }

        /// What is more likely the cause of the others comes first.
        var order: Int {
            switch self {
            case .edgeBan: 0
            case .descriptors: 1
            case .tailscaled: 2
            case .key: 3
            case .peer: 4
            case .standing: 5
            case .certificate: 6
            case .finding: 7
            case .reload: 8
            case .takeover: 9
            }
        }

        /// Whether it is told without waiting whether it lasts: somebody has decided it, and it does not pass by itself.
        var isUrgent: Bool { self == .edgeBan }
    }

    package let subject: Subject
    /// One that grows worse is told anew.
    package let rank: Int
    /// A sentence; what was seen, and what to do, if there is something to say.
    package var cause: String
    package var detail: String?
    package var fix: String?

    package init(_ subject: Subject, rank: Int = 1, cause: String, detail: String? = nil, fix: String? = nil) {
        self.subject = subject
        self.rank = rank
        self.cause = cause
        self.detail = detail
        self.fix = fix
    }

    package enum Change: Sendable, Equatable {
        case begins(Trouble)
        case ends(Subject)
    }
}

extension Trouble {
    /// What follows from an event.
    package static func changes(_ event: EdgeEvent) -> [Change] {
        switch event {
        case .health(let places, isHealthy: false, _, _):
            places.map { .begins(Trouble(.standing($0), cause: "Connections to \($0.label(nil)) cannot be made.")) }
        case .health(let places, isHealthy: true, _, let found):
            places.map { .ends(.standing($0)) } + (found.map(changes) ?? [])
        case .verdict(let found): changes(found)
        case .edgeBanned(let addresses):
            [
                .begins(
                    Trouble(
                        .edgeBan, cause: "The mailbox bans this edge.",
                        detail: "It says so of \(addresses.map { "\($0)" }.joined(separator: ", ")).",
                        fix: Verdict.banned.fix(of: .stalwart)))
            ]
        case .tailnet(let news): changes(news)
        case .reloadFailed(let problems):
            [
                .begins(
                    Trouble(
                        .reload, cause: "The reload failed, and the old configuration stays in use.",
                        detail: problems.prefix(3).map(\.sentence).joined(separator: "; "),
                        fix: "Correct the file (`tailwart check`) and reload again."))
            ]
        case .reloaded: [.ends(.reload)]
        case .takeoverFailed(let failure):
            [
                .begins(
                    Trouble(
                        .takeover, cause: "The takeover failed, and the old process keeps serving.",
                        detail: failure, fix: "Check the log of the new process, and start it again."))
            ]
        case .draining(.takenOver, _, _): [.ends(.takeover)]
        case .descriptorsExhausted(let limit):
            [
                .begins(
                    Trouble(
                        .descriptors,
                        cause: limit.map {
                            "This process has used up the \($0) descriptors that it may open, and turns clients away."
                        }
                            ?? "This host has no descriptor or memory left, and the edge turns clients away.",
                        fix: EdgeEvent.exhaustedFix(limit).asSentence))
            ]
        case .descriptorsFree: [.ends(.descriptors)]
        default: []
        }
    }

    private static func changes(_ found: Diagnosis) -> [Change] {
        // Whoever answers a probe does not ban it.
        found.asked.flatMap { changes($0, found) } + (found.verdict.grade == .failed ? [] : [.ends(.edgeBan)])
    }

    private static func changes(_ asked: AskedPlace, _ found: Diagnosis) -> [Change] {
        let (place, name, verdict) = (asked.place, asked.serverName, found.verdict)
        // It is said of single addresses too, where nobody says that it is over; of a whole place it turns that off.
        guard verdict != .ownAddress else { return [] }
        let finding = Subject.finding(place, serverName: name)
        let certificate = Subject.certificate(place, serverName: name)
        func trouble(_ subject: Subject, _ rank: Int) -> Trouble {
            Trouble(
                subject, rank: rank, cause: found.cause,
                detail: found.result.detail.isEmpty ? nil : found.result.detail, fix: found.fix)
        }
        switch verdict {
        case .certificateExpiring: return [.ends(finding), .begins(trouble(certificate, 1))]
        case .certificateFallback, .certificateLost, .certificateSelfSigned, .certificateExpired,
            .certificateNotReloaded, .certificateNotYetValid, .certificateNameMismatch, .certificateUntrusted:
            return [.ends(finding), .begins(trouble(certificate, 2))]
        default: break
        }
        switch verdict.grade {
        case .good: return [.ends(finding), .ends(certificate)]
        case .degraded: return [.begins(trouble(finding, 1)), .ends(certificate)]
        // Whoever cannot be asked shows no certificate; what was wrong with it is still so.
        case .failed: return [.begins(trouble(finding, 2))]
        }
    }

    private static func changes(_ news: TailnetNews) -> [Change] {
        func begins(_ subject: Subject, _ rank: Int = 1) -> [Change] {
            [.begins(Trouble(subject, rank: rank, cause: news.sentence.asSentence, fix: news.fix?.asSentence))]
        }
        return switch news.change {
        case .gone: begins(.tailscaled)
        case .state: news.level == .info ? [.ends(.tailscaled)] : begins(.tailscaled)
        case .back: [.ends(.tailscaled)]
        case .keyExpires: begins(.key(of: news.name))
        case .keyExpired: begins(.key(of: news.name), 2)
        case .keyRenewed: [.ends(.key(of: news.name))]
        case .peerMissing, .peerRenamed, .peerOffline: news.name.map { begins(.peer($0)) } ?? []
        case .peerBack: news.name.map { [.ends(.peer($0))] } ?? []
        case .restarted, .ownAddresses, .peerAddresses, .path, .userspace: []
        }
    }
}
