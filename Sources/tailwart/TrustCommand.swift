import ArgumentParser
import NIOPosix
import TailwartCore
import TailwartResolve
import TailwartSetup
import TailwartSystem
import TailwartTailnet
import TailwartWire

struct TrustCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Print what to set on the mail server so that it accepts this edge's PROXY headers.",
        discussion: """
            Example: tailwart trust stalwart
            Example: tailwart trust --edge-address 100.64.0.5 postfix
            Run it on the edge: it finds the edge's address in the routing table, or asks tailscaled. Elsewhere, or for several edges, name \
            their addresses with --edge-address. It changes nothing.
            Exit codes: 0 when it is printed, 1 if the configuration is bad, 3 if the file cannot be read or the address is not known.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: .init("The address from which an edge connects to the mailbox. Can be repeated.", valueName: "address"),
        transform: ZoneOption.edgeAddress)
    var edgeAddress: [IPAddress] = []

    @Argument(help: "The mail server.")
    var server: Choice = .all

    @Flag(help: .json("edge_addresses", "servers"))
    var json = false

    func run() async throws {
        let (configuration, warnings) = try options.loadValid()
        let edges: [IPAddress]
        do {
            let sources = edgeAddress.isEmpty ? Self.sources(configuration) : (addresses: [], unknown: [])
            edges = try TrustGuide.edges(
                named: edgeAddress, routed: sources.addresses, unknown: sources.unknown,
                tailnet: await tailnetAddresses(configuration), ofHost: InterfaceAddresses.all())
        } catch {
            throw Failure.notDone("\(error)").after(warnings)
        }
        let guides = server.servers.map { TrustGuide($0, configuration, edges: edges) }
        if json {
            print(TrustGuide.answer(guides, edges: edges, problems: warnings))
        } else {
            print(guides.map(\.text).joined(separator: "\n"), terminator: "")
        }
    }

    /// From where this host reaches the addresses of mail servers, and which names have none. Names outside of the tailnet are asked for; a
    /// tailnet's may not be known yet.
    private static func sources(_ configuration: Configuration) -> (addresses: [IPAddress], unknown: [String]) {
        let hosts = configuration.ways.filter { $0.upstream.via == .direct && $0.proxyProtocol.version != .none }
            .map(\.endpoint.host).withoutRepeats
        var addresses: [IPAddress] = []
        var unknown: [String] = []
        for host in hosts {
            switch host {
            case .address(let address): addresses.append(address)
            case .name(let name):
                if let found = try? SystemNames.addresses(of: name) { addresses += found } else { unknown.append(name) }
            case .unix: break
            }
        }
        return (addresses.compactMap { RoutingTable.source(towards: $0)?.unmapped }.withoutRepeats, unknown)
    }

    private func tailnetAddresses(_ configuration: Configuration) async -> [IPAddress] {
        guard edgeAddress.isEmpty, let socket = configuration.tailscale?.socket else { return [] }
        let localAPI = LocalAPI(socket: socket, group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        return (try? await localAPI.status(timeout: Self.tailnetTimeout))?.ownAddresses ?? []
    }

    private static let tailnetTimeout = Duration.seconds(3)

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        TrustGuide.answer([], edges: [], problems: problems)
    }
}

extension TrustCommand {
    enum Choice: ExpressibleByArgument {
        case one(MailServer)
        case all

        init?(argument: String) {
            if argument == "all" {
                self = .all
            } else if let server = MailServer(rawValue: argument) {
                self = .one(server)
            } else {
                return nil
            }
        }

        static var allValueStrings: [String] { MailServer.allCases.map(\.rawValue) + ["all"] }

        static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

        var defaultValueDescription: String { "all" }

        var servers: [MailServer] {
            switch self {
            case .one(let server): [server]
            case .all: MailServer.allCases
            }
        }
    }
}
