package import NIOCore
import NIOPosix
package import TailwartClient
import TailwartCore
import TailwartProbe
import TailwartSystem
import TailwartTailnet

/// Makes one attempt at a condition. Everything happens on one event loop.
package struct ConditionCheck: Sendable {
    let dialer: Dialer
    let localAPI: LocalAPI
    let prober: Prober
    /// Takes any certificate.
    let trustingTLS: TLSContext
    let webTLS: TLSContext
    /// To be proven at PostgreSQL; nil: only whether it takes connections.
    let login: PostgresLogin?

    /// - Parameters:
    ///   - conditions: all that will be attempted.
    ///   - login: to be proven at every PostgreSQL among them; nil: only whether it takes connections.
    ///   - viaTailscaled: whether tailscaled makes the connections, and looks up the names.
    ///   - tailscaleSocket: of tailscaled's LocalAPI; nil or empty: where it usually is.
    ///   - verifiesCertificates: of https pages.
    ///   - authorities: to verify them against; nil: the system's.
    ///   - group: one of its loops is used; a thread of its own unless there is one already.
    /// - Throws: `Authorities.Missing` if the system has none.
    package init(
        for conditions: [Condition], login: PostgresLogin? = nil, viaTailscaled: Bool = false,
        tailscaleSocket: String? = nil,
        verifiesCertificates: Bool = true, authorities: Authorities? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    ) throws {
        self.login = login
        let loop = group.next()
        let socket = LocalAPI.socket(named: tailscaleSocket)
        dialer = Dialer(
            loop: loop, resolver: SystemResolver(loop: loop), tailscaled: viaTailscaled ? socket : nil)
        localAPI = LocalAPI(socket: socket, group: loop)
        let name = EdgeName(host: HostName.current, addresses: InterfaceAddresses.all())
        prober = Prober(group: loop, name: { name })
        trustingTLS = try TLSContext(trusting: .anybody)
        // Reading the authorities takes longer than all else at the start.
        let verifies = verifiesCertificates && conditions.contains(where: \.isEncryptedPage)
        webTLS = verifies ? try TLSContext(trusting: .only(authorities ?? .system())) : trustingTLS
    }

    /// - Parameter limit: for all of it.
    package func attempt(_ condition: Condition, within limit: Duration) async -> Finding {
        switch condition {
        case .tailscale: await tailscale(within: limit)
        case .peer(let name): await peer(name, within: limit)
        case .tcp(let endpoint):
            await dialer.finding(at: endpoint, within: limit) { _ in .ready("takes connections") }
        case .postgres(let endpoint): await postgres(endpoint, within: limit)
        case .http(let url): await page(url, within: limit)
        case .mail(let url): await mail(url, within: limit)
        }
    }
}

extension Condition {
    fileprivate var isEncryptedPage: Bool {
        if case .http(let url) = self { url.isEncrypted } else { false }
    }
}
