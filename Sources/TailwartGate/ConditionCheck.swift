package import NIOCore
import NIOPosix
package import NIOSSL
import TailwartProbe
import TailwartTailnet

/// Makes one attempt at a condition. Everything happens on one event loop.
package struct ConditionCheck: Sendable {
    let dialer: Dialer
    let localAPI: LocalAPI
    let prober: Prober
    /// Takes any certificate.
    private let trustingTLS: NIOSSLContext
    private let webTLS: NIOSSLContext

    /// - Parameters:
    ///   - conditions: all that will be attempted.
    ///   - tailscaleSocket: of tailscaled's LocalAPI; nil or empty: where it usually is.
    ///   - verifiesCertificates: of https pages.
    ///   - authorities: to verify them against; the system's unless a test has its own.
    ///   - group: one of its loops is used; a thread of its own unless there is one already.
    /// - Throws: what NIOSSL says if the system's authorities cannot be read.
    package init(
        for conditions: [Condition], tailscaleSocket: String? = nil,
        verifiesCertificates: Bool = true, authorities: NIOSSLTrustRoots = .default,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    ) throws {
        let loop = group.next()
        dialer = Dialer(loop: loop, resolver: SystemResolver(loop: loop))
        let socket = tailscaleSocket.flatMap { $0.isEmpty ? nil : $0 } ?? LocalAPI.defaultSocket
        localAPI = LocalAPI(socket: socket, group: loop)
        prober = Prober(group: loop)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.trustRoots = .certificates([])
        trustingTLS = try NIOSSLContext(configuration: configuration)
        // Reading the authorities takes longer than all else at the start.
        let verifies = verifiesCertificates && conditions.contains(where: \.isEncryptedPage)
        guard verifies else {
            webTLS = trustingTLS
            return
        }
        configuration.certificateVerification = .fullVerification
        configuration.trustRoots = authorities
        webTLS = try NIOSSLContext(configuration: configuration)
    }

    /// - Parameter limit: for all of it.
    package func attempt(_ condition: Condition, within limit: Duration) async -> Finding {
        switch condition {
        case .tailscale: await tailscale(within: limit)
        case .peer(let name): await peer(name, within: limit)
        case .tcp(let endpoint):
            await dialer.finding(at: endpoint, within: limit) { _, answer in answer.succeed(.ready("takes connections"))
            }
        case .postgres(let endpoint):
            await dialer.finding(at: endpoint, within: limit) { [trustingTLS] channel, answer in
                let handler = PostgresHandler(tls: trustingTLS, answer: answer)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        case .http(let url):
            await dialer.finding(at: url.endpoint, within: limit) { [webTLS] channel, answer in
                try WebHandler.add(to: channel, for: url, tls: url.isEncrypted ? webTLS : nil, answer: answer)
            }
        case .mail(let url): await mail(url, within: limit)
        }
    }
}

extension Condition {
    fileprivate var isEncryptedPage: Bool {
        if case .http(let url) = self { url.isEncrypted } else { false }
    }
}
