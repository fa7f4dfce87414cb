import ArgumentParser
import Glibc
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartSystem
import TailwartWire

struct RecordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "The DNS records to publish for this edge.",
        discussion: """
            Example: tailwart records --host mail.example.org --ipv4 203.0.113.7
            Prints lines for a zone file, or a table with --table. Without --ipv4 and --ipv6 it takes the public addresses that the \
            listeners name, else those of this host. It changes nothing and asks nobody.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: .init(
            "The edge's name for senders and mail programs. Else 'mail.' and the first domain.", valueName: "name"))
    var host: Name?

    @Option(help: .init("A public IPv4 address of the edge; as often as needed.", valueName: "address"))
    var ipv4: [AddressV4] = []

    @Option(help: .init("A public IPv6 address of the edge; as often as needed.", valueName: "address"))
    var ipv6: [AddressV6] = []

    @Option(help: .init("A mail domain besides those of the configuration; as often as needed.", valueName: "domain"))
    var domain: [Name] = []

    @Option(
        help: .init("Only this ACME account may have certificates issued (CAA); as often as needed.", valueName: "url"))
    var caaAccounturi: [String] = []

    @Option(
        help: .init("The authority's name in CAA records, where its account's URL does not tell.", valueName: "name"))
    var caaIssuer: Name?

    @Option(help: .init("Where TLS reports go. Else the postmaster of each domain.", valueName: "address"))
    var reports: Reports?

    @Option(help: .init("The id of the MTA-STS policy, 1 to 32 letters and digits. Else the time.", valueName: "id"))
    var mtaStsId: Policy?

    @Flag(help: "Print a table.")
    var table = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if table, json { throw ValidationError("--table and --json: choose one.") }
    }

    func run() throws {
        let accounts = try caaAccounturi.map { uri in
            do {
                return try ACMEAccount(uri: uri, issuer: caaIssuer?.pattern.name)
            } catch {
                throw ValidationError("--caa-accounturi: \(error).")
            }
        }
        let facade = EdgeFacade(try options.loadValid())
        let request = RecordRequest(
            host: host?.pattern, addresses: try addresses(facade), domains: domain.map(\.pattern), accounts: accounts,
            reports: reports?.address, policyID: mtaStsId?.id ?? PolicyID(time: time(nil)))
        let plan: RecordPlan
        do throws(RecordPlan.Problem) {
            plan = try RecordPlan(facade, request)
        } catch {
            throw Failure.notWell("\(error)")
        }
        for warning in plan.warnings { printError("warning: \(warning)") }
        print(json ? try plan.json + "\n" : table ? plan.table : plan.zoneSnippet, terminator: "")
    }

    private func addresses(_ facade: EdgeFacade) throws -> [IPAddress] {
        let named = ipv4.map(\.ip) + ipv6.map(\.ip)
        if !named.isEmpty { return named }
        if !facade.addresses.isEmpty { return facade.addresses }
        return InterfaceAddresses.all().filter { PublicAddress.problem($0) == nil }
    }
}

extension RecordsCommand {
    /// A host or domain name.
    struct Name: ExpressibleByArgument {
        let pattern: ServerNamePattern

        init?(argument: String) {
            guard let pattern = ServerNamePattern(argument), !pattern.isWildcard else { return nil }
            self.pattern = pattern
        }
    }

    struct AddressV4: ExpressibleByArgument {
        let ip: IPAddress

        init?(argument: String) {
            guard let ip = IPAddress(argument), ip.isV4 else { return nil }
            self.ip = ip
        }
    }

    struct AddressV6: ExpressibleByArgument {
        let ip: IPAddress

        init?(argument: String) {
            guard let ip = IPAddress(argument), !ip.isV4 else { return nil }
            self.ip = ip
        }
    }

    struct Reports: ExpressibleByArgument {
        let address: ReportAddress

        init?(argument: String) {
            guard let address = ReportAddress(argument) else { return nil }
            self.address = address
        }
    }

    struct Policy: ExpressibleByArgument {
        let id: PolicyID

        init?(argument: String) {
            guard let id = PolicyID(argument) else { return nil }
            self.id = id
        }
    }
}
