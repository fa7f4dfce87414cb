import Glibc
import TailwartSystem

/// What reading a firewall brought, from one program or from all.
enum FirewallReading: Sendable, Equatable {
    case ruleset(FirewallRuleset)
    /// Why, and what to do, as whole sentences.
    case unknown(String, fix: String)

    static let notPermitted = FirewallReading.unknown(
        "Only root may read the firewall's rules.", fix: "Run this once with sudo to have them looked at.")

    static func notReadable(_ reason: String) -> FirewallReading {
        .unknown(
            reason, fix: "Install the package nftables and run this as root, or try the ports from another network.")
    }
}

/// Asks the programs that show the kernel's packet filter.
enum FirewallReader {
    /// For each program.
    private static let timeout = Duration.seconds(3)
    /// Bytes of a rule set.
    private static let maximum = 4 << 20

    static func read() async -> FirewallReading {
        async let nft = nftables()
        async let v4 = iptables("iptables", "ip")
        async let v6 = iptables("ip6tables", "ip6")
        return joined(nft: await nft, iptables: await v4 + v6)
    }

    /// - Parameters: nil for a program that is not installed.
    static func joined(nft: FirewallReading?, iptables: [FirewallReading?]) -> FirewallReading {
        let shown = iptables.compactMap { if case .ruleset(let ruleset)? = $0 { ruleset } else { nil } }
        let joined = shown.reduce(into: FirewallRuleset()) { $0.chains.merge($1.chains) { first, _ in first } }
        return switch nft {
        case .ruleset(let own): .ruleset(own.joined(withIPTables: joined))
        case _ where iptables.contains(.notPermitted): .notPermitted
        case .some(let other): other
        case nil where shown.isEmpty:
            .notReadable("Neither nft nor iptables-save is there to show the firewall's rules.")
        case nil: .ruleset(joined)
        }
    }

    private static func nftables() async -> FirewallReading? {
        // Without the elements of sets.
        await ask("nft", ["-j", "-t", "list", "ruleset"], NFTables.ruleset)
    }

    /// Both kinds: rules of iptables-nft, and of the older one where the kernel has such tables, as asking loads the module.
    private static func iptables(_ name: String, _ family: String) async -> [FirewallReading?] {
        let older = "/proc/net/\(family)_tables_names"
        let tools: [ChainPosition.Tool] = SystemFile.text(older).isEmpty ? [.iptables] : [.iptables, .legacy]
        var answers: [FirewallReading?] = []
        for tool in tools {
            answers.append(
                await ask(tool == .legacy ? "\(name)-legacy-save" : "\(name)-save", []) {
                    IPTables.ruleset(String(decoding: $0, as: UTF8.self), family: family, tool: tool)
                })
        }
        return answers
    }

    private static func ask(
        _ program: String, _ arguments: [String], _ read: ([UInt8]) -> FirewallRuleset?
    ) async -> FirewallReading? {
        switch await Command.system(program, arguments, atMost: maximum, within: timeout) {
        case .missing: nil
        case .ended(0, let bytes, _):
            read(bytes).map { .ruleset($0) } ?? .notReadable("What \(program) says cannot be understood.")
        case .ended(_, _, let errors)
        where geteuid() != 0 || errors.contains("ermission") || errors.contains("not permitted"):
            .notPermitted
        case .ended(let code, _, let errors):
            .notReadable("\(program) failed with \(code): \(errors.split(separator: "\n").first ?? "no word").")
        case .tooLong: .notReadable("The firewall's rules are longer than \(maximum >> 20) MiB.")
        case .timedOut: .notReadable("\(program) did not answer within \(timeout).")
        case .notStarted(let reason): .notReadable("\(program) cannot be started: \(reason).")
        }
    }
}
