/// What the ports of one endpoint say together that none of them says alone.
package enum EndpointDiagnosis {
    /// Where Stalwart answers while it has no mail ports: in bootstrap and in recovery mode.
    package static let setupPort: UInt16 = 8080

    /// Ports that a new Stalwart does not listen on; refused, they tell nothing about the others.
    private static let unusualPorts: Set<UInt16> = [110, 143, 587]

    /// Whether it is worth asking whether the setup page answers: everything that was probed is refused.
    package static func mayBeBooting(_ results: [UInt16: ProbeResult]) -> Bool {
        let probed = results.filter { $0.value.verdict != .unprobed }
        return probed.keys.contains { !unusualPorts.contains($0) }
            && probed.values.allSatisfy { $0.verdict == .refused || $0.verdict == .booting }
    }

    /// - Parameter isSetupPortOpen: whether it answers.
    package static func joined(_ results: [UInt16: ProbeResult], isSetupPortOpen: Bool) -> [UInt16: ProbeResult] {
        guard isSetupPortOpen, mayBeBooting(results) else { return results }
        return results.mapValues { result in
            guard result.verdict == .refused else { return result }
            var joined = result
            joined.verdict = .booting
            joined.detail = "All mail ports are refused, and port \(setupPort) answers."
            return joined
        }
    }
}
