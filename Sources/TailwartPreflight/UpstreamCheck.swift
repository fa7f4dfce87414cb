import TailwartCore
import TailwartProbe

/// What a probe of an endpoint on a port means.
enum UpstreamCheck {
    static func finding(_ subject: ProbeSubject, serverName: String?, _ result: ProbeResult) -> Finding {
        let verdict = result.verdict
        // What is to be done about the name stands in its own line.
        guard verdict != .nameUnknown else {
            return Finding(
                .upstream, subject.label(nil), .fail, "\(verdict.name): Not asked, as the name has no address.")
        }
        let standing: Finding.Result =
            switch (subject.health(result, serverName: serverName).grade, verdict.grade) {
            case (_, .good): verdict == .unprobed ? .unknown : .pass
            // No client that looks at it goes on, though the server answers.
            case _ where verdict == .certificateExpired || verdict == .certificateNotYetValid: .fail
            // A web server that does not know one of many names serves the others all the same.
            case (.good, .failed), (.degraded, _), (_, .degraded): .warn
            case (.failed, .failed): .fail
            }
        return Finding(
            .upstream, subject.label(serverName), standing,
            verdict == .well || verdict == .unprobed ? result.detail : words(result),
            // Of a place that is asked, only this host's own lack leaves it unprobed.
            fix: verdict == .unprobed
                ? "Raise the limit of open files (ulimit -n), or the host's memory."
                : verdict.grade == .good ? nil : result.fix(subject.proto),
            matter: .verdict(
                verdict, endpoint: "\(subject.upstream.name) \(subject.endpoint.text)", subject.proto))
    }

    /// Why a place is not probed at all.
    static func unprobed(_ upstream: Upstream, _ endpoint: Endpoint, port: UInt16) -> Finding {
        let place = endpoint.port == nil && port != 0 ? "\(endpoint.text):\(port)" : endpoint.text
        let subject = "\(upstream.name) \(place)"
        guard upstream.health != nil else {
            return Finding(
                .upstream, subject, .unknown, "It is not probed, as the file says health: off.",
                fix: "Take that out to have it looked at.")
        }
        return Finding(.upstream, subject, .unknown, Verdict.unprobed.cause, fix: Verdict.unprobed.fix)
    }

    /// Addresses that lead back to the edge, where no probe says so: it went to others of the same name, or there is none. Nil if there
    /// are none.
    static func leftOut(_ approach: Approach) -> Finding? {
        guard !approach.leftOut.isEmpty else { return nil }
        let result = ProbeResult.ownAddress(approach.leftOut, port: approach.place.key.port)
        return Finding(
            .upstream, "\(approach.backend.name) \(approach.place.key.endpoint)",
            approach.addresses.isEmpty ? .fail : .warn,
            words(result), fix: result.fix)
    }

    private static func words(_ result: ProbeResult) -> String {
        "\(result.verdict.name): \(result.cause) \(result.detail)"
    }

    static func late(_ subject: ProbeSubject) -> Finding {
        Finding(
            .upstream, subject.label(nil), .unknown, "Not all of its names could be asked for in time.",
            fix: "Try again, or with a longer health.timeout.")
    }
}
