package import NIOCore
package import TailwartCore
import TailwartProbe
package import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

/// Looks at everything around an edge on the host that it is to run on: the host, its firewall, the tailnet, the mailbox.
///
/// All at the same time, each part with a deadline, so that it takes little more than the longest `health.timeout` of the file. It
/// changes nothing; the one thing that others can see is what a probe and a mail client do.
package struct Preflight: Sendable {
    /// For a question to tailscaled.
    static let tailnetTimeout = Duration.seconds(3)
    /// For a path that begins over DERP to become a direct one.
    static let pathTimeout = Duration.seconds(5)
    /// For names that tailscaled does not know.
    static let nameTimeout = Duration.seconds(3)

    let configuration: Configuration
    let edgeTag: String
    let servers: NameServers
    let group: any EventLoopGroup

    /// - Parameters:
    ///   - edgeTag: the tag that the tailnet's policy grants the mailbox's ports to.
    ///   - servers: who is asked for names; the host's own unless a test has others.
    package init(
        _ configuration: Configuration, edgeTag: String, servers: NameServers = NameServers(), group: any EventLoopGroup
    ) {
        self.configuration = configuration
        self.edgeTag = edgeTag
        self.servers = servers
        self.group = group
    }

    /// What was found out, in the order in which packets pass: the host, its firewall, the tailnet, the mailbox.
    package func run() async -> [Finding] {
        let own = InterfaceAddresses.all().map(\.unmapped)
        let status = Task { await askTailscaled() }
        async let firewall = firewallFindings(own)
        async let tailnet = tailnetFindings(await status.value)
        async let upstreams = upstreamFindings(status)
        async let records = recordFindings(own)
        let host =
            PortCheck.findings(configuration.listeners) + AddressCheck.findings(configuration.listeners, own: own)
        return await host + records + firewall + tailnet + upstreams + limits()
    }

    /// Without a word of tailscaled: what counts is what clients elsewhere are told.
    private func recordFindings(_ own: [IPAddress]) async -> [Finding] {
        let names = await NameLookup(names: configuration.ownNames, servers: servers).entries(
            learning: { nil }, within: Self.nameTimeout)
        return RecordCheck.findings(names.mapValues(\.addresses), configuration.listeners, own: own)
    }

    private func limits() -> [Finding] {
        [
            HostCheck.descriptors(
                highest: DescriptorLimit.highest, needed: DescriptorLimit.needed(for: configuration.maxConnections),
                connections: configuration.maxConnections),
            HostCheck.localPorts(.ofHost, connections: configuration.maxConnections),
            HostCheck.clock(isSynchronized: Clock.isSynchronized),
        ]
    }

    private func firewallFindings(_ own: [IPAddress]) async -> [Finding] {
        let ports = AddressCheck.publicPorts(configuration.listeners)
        guard !ports.isEmpty else { return [] }
        return FirewallReport.findings(
            await FirewallReader.read(), ports: ports, interfaces: DefaultRoutes.interfaces(),
            hasPublicV6: own.contains { !$0.isV4 && $0.isPublic }) + [FirewallReport.cloud]
    }

    // MARK: - the tailnet

    private func askTailscaled() async -> Result<TailnetStatus, LocalAPIError>? {
        guard let check = TailnetCheck(configuration, edgeTag: edgeTag) else { return nil }
        do throws(LocalAPIError) {
            return .success(try await localAPI(check).status(timeout: Self.tailnetTimeout))
        } catch {
            return .failure(error)
        }
    }

    private func tailnetFindings(_ answer: Result<TailnetStatus, LocalAPIError>?) async -> [Finding] {
        guard let check = TailnetCheck(configuration, edgeTag: edgeTag), let answer else { return [] }
        var pings: [String: TailnetPing] = [:]
        if case .success(let status) = answer { pings = await ping(check.reachable(status), localAPI(check)) }
        return check.findings(answer, pings: pings, at: Int(Clock.wall() / 1_000_000))
    }

    private func localAPI(_ check: TailnetCheck) -> LocalAPI { LocalAPI(socket: check.socket, group: group) }

    /// Has the path to each peer worked out. It begins over DERP and is direct within seconds of traffic, so one that is not is asked again.
    private func ping(_ peers: [TailnetPeer], _ localAPI: LocalAPI) async -> [String: TailnetPing] {
        await withTaskGroup { group in
            for peer in peers {
                guard let address = peer.addresses.first else { continue }
                group.addTask {
                    let deadline = ContinuousClock.now + Self.pathTimeout
                    var last: TailnetPing?
                    while let ping = try? await localAPI.ping(address, timeout: Self.tailnetTimeout) {
                        last = ping
                        let next = ContinuousClock.now + .seconds(1)
                        guard ping.path.kind == .derp, next < deadline else { break }
                        try? await Task.sleep(until: next)
                    }
                    return (peer.name, last)
                }
            }
            var found: [String: TailnetPing] = [:]
            for await (name, ping) in group { found[name] = ping }
            return found
        }
    }
}
