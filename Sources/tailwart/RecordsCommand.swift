import ArgumentParser
import Glibc
import TailwartCore
import TailwartSetup
import TailwartSystem
import TailwartWire

struct RecordsCommand: ParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "Print the DNS records to publish.",
        discussion: """
            Example: tailwart records --host mail.example.org --ipv4 203.0.113.7
            Example: tailwart records --table
            Prints lines for a zone file, or a table for a provider's web page. Without --ipv4 and --ipv6 it takes the public addresses \
            in the configuration, else those of this host. It makes no query.
            Exit codes: 0 when they are printed, 1 if there is no domain or no public address, 3 if the file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: .init(
            "The edge's public name. Default: `mailbox.hostname`, else mail.DOMAIN.", valueName: "name"),
        transform: ZoneOption.name)
    var host: ServerNamePattern?

    @Option(
        help: .init("A public IPv4 address of the edge. Can be repeated.", valueName: "address"),
        transform: ZoneOption.addressV4)
    var ipv4: [IPAddress] = []

    @Option(
        help: .init("A public IPv6 address of the edge. Can be repeated.", valueName: "address"),
        transform: ZoneOption.addressV6)
    var ipv6: [IPAddress] = []

    @Option(
        help: .init("A mail domain besides those of the configuration. Can be repeated.", valueName: "domain"),
        transform: ZoneOption.name)
    var domain: [ServerNamePattern] = []

    @Option(
        help: .init("Only this ACME account may have certificates issued (CAA). Can be repeated.", valueName: "url"))
    var caaAccounturi: [String] = []

    @Option(
        help: .init("The authority's name in CAA records, if the account's URL does not show it.", valueName: "name"),
        transform: ZoneOption.name)
    var caaIssuer: ServerNamePattern?

    @Option(
        help: .init("Where TLS reports go. Default: the postmaster of each domain.", valueName: "address"),
        transform: ZoneOption.reports)
    var reports: ReportAddress?

    @Option(
        help: .init("The id of the MTA-STS policy, 1 to 32 letters and digits. Default: the time.", valueName: "id"),
        transform: ZoneOption.policyID)
    var mtaStsId: PolicyID?

    @Flag(help: "Print a table instead of a zone file.")
    var table = false

    @Flag(help: .json("host", "zones", "reverse"))
    var json = false

    func validate() throws {
        if table, json { throw ValidationError("--table and --json: choose one.") }
    }

    func run() throws {
        let accounts = try caaAccounturi.map { uri in
            do {
                return try ACMEAccount(uri: uri, issuer: caaIssuer?.name)
            } catch {
                throw ValidationError("--caa-accounturi: \(error).")
            }
        }
        let (configuration, warnings) = try options.loadValid()
        let facade = EdgeFacade(configuration)
        let hostAddresses = InterfaceAddresses.all()
        let request = ZoneRequest(
            host: host, addresses: facade.addresses(named: ipv4 + ipv6, ofHost: hostAddresses),
            hostAddresses: hostAddresses, domains: domain,
            accounts: accounts, reports: reports, policyID: mtaStsId ?? PolicyID(time: time(nil)))
        let plan: DNSZones
        do throws(DNSZones.Problem) {
            plan = try DNSZones(facade, request)
        } catch {
            throw Failure.notGood("\(error)").after(warnings)
        }
        for warning in plan.warnings { printError("warning: \(warning)") }
        if json {
            print(DNSZones.answer(plan, problems: warnings))
        } else {
            print(table ? plan.table : plan.zoneSnippet, terminator: "")
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { DNSZones.answer(nil, problems: problems) }
}
