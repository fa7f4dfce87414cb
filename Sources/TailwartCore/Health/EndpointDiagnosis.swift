import TailwartWire

/// What the ports of one endpoint say together that none of them says alone.
package enum EndpointDiagnosis {
    /// Where Stalwart answers while it has no mail ports: in bootstrap and in recovery mode.
    package static let setupPort: UInt16 = 8080

    /// Ports that a new Stalwart does not listen on; refused, they tell nothing about the others.
    private static let unusualPorts: Set<UInt16> = [110, 143, 587]

    /// Whether it is worth asking whether the setup page answers: everything that was probed is refused.
    package static func mayBeBooting(_ results: [UInt16: ProbeResult]) -> Bool {
        let probed = results.filter { $0.value.verdict != .unprobed }
        return isUsual(Array(probed.keys))
            && probed.values.allSatisfy { $0.verdict == .refused || $0.verdict == .booting }
    }

    /// Whether refusals there tell something about the whole server.
    static func isUsual(_ ports: [UInt16]) -> Bool { ports.contains { !unusualPorts.contains($0) } }

    /// Who a port belongs to that came to no greeting.
    ///
    /// Stalwart speaks all protocols. Where another server answers on one port, anybody may on the next.
    ///
    /// - Parameter servers: who answers on the other ports.
    package static func server(
        of result: ProbeResult, _ proto: ListenerProtocol, beside servers: some Sequence<MailServer?>
    ) -> MailServer? {
        guard result.server == nil, !result.isAnonymous(proto) else { return result.server }
        return Set(servers.compactMap(\.self)) == [.stalwart] ? .stalwart : nil
    }

    /// What a certificate means beside those that were seen before, on this port and the others of its host.
    ///
    /// - Parameters:
    ///   - earlier: all results of the endpoint's ports, this one's last too.
    ///   - hadCertificate: whether one of them ever showed a certificate that its server has not made up.
    package static func judged(
        _ result: ProbeResult, beside earlier: some Sequence<ProbeResult>, hadCertificate: Bool
    ) -> ProbeResult {
        var result = result
        switch result.verdict {
        case .certificateFallback where hadCertificate: result.verdict = .certificateLost
        case .certificateExpired, .certificateExpiring:
            guard let own = result.certificate,
                let renewed = earlier.first(where: { $0.certificate?.renews(own) ?? false }),
                let end = renewed.certificate?.notAfter
            else { break }
            result.verdict = .certificateNotReloaded
            result.detail += " Another port shows one that is valid until \(UTCTime(seconds: end).date)."
        default: break
        }
        return result
    }

    /// - Parameter isSetupPortOpen: whether it answers.
    package static func joined(_ results: [UInt16: ProbeResult], isSetupPortOpen: Bool) -> [UInt16: ProbeResult] {
        guard isSetupPortOpen, mayBeBooting(results) else { return results }
        return results.mapValues { result in
            guard result.verdict == .refused else { return result }
            var joined = result
            joined.verdict = .booting
            // Who answers there is not asked; no other server does while it has no mail ports.
            joined.server = joined.server ?? .stalwart
            joined.detail = "All mail ports are refused, and port \(setupPort) answers."
            return joined
        }
    }
}

extension CertificateReport {
    /// Whether it is the one that came after the other: of the same issuer, for all of its names, and good for longer.
    fileprivate func renews(_ other: CertificateReport) -> Bool {
        !isSelfSigned && issuer == other.issuer && notBefore > other.notBefore && notAfter > other.notAfter
            && !other.names.isEmpty && Set(names).isSuperset(of: other.names)
    }
}
