package import TailwartCore
package import TailwartWire

/// What one check found out: one line for a person, one object for a script.
package struct Finding: Sendable, Equatable {
    /// What is looked at; each has a row in docs/preflight.md.
    package enum Check: String, CaseIterable, Sendable {
        /// Whether a listener's address is free, and may be bound.
        case port
        /// Whether the host's own firewall lets clients in.
        case firewall
        /// The provider's firewall, which nobody sees from inside.
        case cloud
        /// The host's addresses against those of the listeners.
        case address
        /// tailscaled and this host's place in the tailnet.
        case tailnet
        /// The mailbox's place in it.
        case peer
        /// Whether a name of an upstream stands for an address.
        case name
        /// Whether an endpoint answers on a port as it should.
        case upstream
        /// Open files against `max_connections`.
        case descriptors
        /// Ports to connect from against `max_connections`.
        case localPorts = "local_ports"
        case clock
        /// Whether a test notice arrives, of `--notify`.
        case notify
    }

    package enum Result: String, CaseIterable, Sendable {
        case pass
        /// Mail passes, but something is to be mended or known.
        case warn
        case fail
        /// It could not be found out, or not from here.
        case unknown
    }

    /// What has to be told apart where several findings are looked at together; the words are for a person.
    package enum Matter: Sendable, Equatable {
        /// What a probe found.
        ///
        /// - endpoint: the upstream and the endpoint, whatever the port.
        case verdict(Verdict, endpoint: String, ListenerProtocol)
        /// Nobody has that name or address, as far as this host may see.
        case unseen
        /// This host has no tag, or not the edge's.
        case untagged
        /// The mail server has another name than the file says, and orders its certificate for that.
        case misnamed
    }

    package let check: Check
    /// What of it: an address, a port, a name.
    package let subject: String
    package let result: Result
    /// What was seen, as one or more whole sentences.
    package let detail: String
    /// What to do, as whole sentences; nil if there is nothing to be done.
    package let fix: String?
    package let matter: Matter?

    package init(
        _ check: Check, _ subject: String, _ result: Result, _ detail: String, fix: String? = nil, matter: Matter? = nil
    ) {
        self.check = check
        self.subject = subject
        self.result = result
        self.detail = detail
        self.fix = fix
        self.matter = matter
    }

    /// `fix` is always there, if only as null.
    package var json: JSON {
        [
            "check": .text(check.rawValue), "subject": .text(subject), "result": .text(result.rawValue),
            "detail": .text(detail), "fix": fix.json,
        ]
    }
}
