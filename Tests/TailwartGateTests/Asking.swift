import TailwartClient

@testable import TailwartGate

/// One attempt at a condition, as the command makes it.
enum Asking {
    /// Long enough for any answer of this host; only who is meant to wait in vain gets less.
    static let patience = Duration.seconds(20)

    static func finding(
        _ condition: Condition, within limit: Duration = patience, tailscaleSocket: String = "/nowhere/tailscaled.sock",
        verifiesCertificates: Bool = true, authorities: Authorities? = nil
    ) async throws -> Finding {
        let check = try ConditionCheck(
            for: [condition], tailscaleSocket: tailscaleSocket, verifiesCertificates: verifiesCertificates,
            authorities: authorities, group: EventLoops.one)
        return await check.attempt(condition, within: limit)
    }
}
