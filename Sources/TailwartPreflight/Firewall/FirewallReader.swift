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
    /// Bytes of a rule set. Beyond it are block lists, whose elements do not matter.
    private static let maximum = 4 << 20

    static func read() async -> FirewallReading {
        async let nft = nftables()
        async let v4 = iptables("iptables", "ip")
        async let v6 = iptables("ip6tables", "ip6")
        return joined(nft: await nft, iptables: await v4 + v6)
    }

    /// - Parameters: nil for a program that is not installed.
    static func joined(nft: FirewallReading?, iptables: [FirewallReading?]) -> FirewallReading {
        var ruleset = FirewallRuleset()
        for case .ruleset(let other)? in iptables { ruleset.iptables += other.iptables }
        switch nft {
        case .ruleset(let own): ruleset.nft = own.nft
        case _ where iptables.contains(.notPermitted): return .notPermitted
        case .some(let other): return other
        case nil where ruleset.iptables.isEmpty:
            return .notReadable("Neither nft nor iptables-save is there to show the firewall's rules.")
        case nil: break
        }
        return .ruleset(ruleset)
    }

    private static func nftables() async -> FirewallReading? {
        let read = { NFTables($0).map { FirewallRuleset(nft: $0) } }
        let answer = await ask("nft", ["-j", "list", "ruleset"], read)
        // Without the elements of sets it is shorter.
        return answer == tooLong ? await ask("nft", ["-j", "-t", "list", "ruleset"], read) : answer
    }

    /// Both kinds: rules of iptables-nft, and of the older one where the kernel has such tables, as asking loads the module.
    private static func iptables(_ name: String, _ family: String) async -> [FirewallReading?] {
        let hasOlder = !SystemFile.text("/proc/net/\(family)_tables_names").isEmpty
        var answers: [FirewallReading?] = []
        for program in ["\(name)-save"] + (hasOlder ? ["\(name)-legacy-save"] : []) {
            answers.append(
                await ask(program, []) {
                    FirewallRuleset(iptables: [IPTables(family: family, text: String(decoding: $0, as: UTF8.self))])
                })
        }
        return answers
    }

    private static let tooLong = FirewallReading.notReadable(
        "The firewall's rules are longer than \(maximum >> 20) MiB.")

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
        case .tooLong: tooLong
        case .timedOut: .notReadable("\(program) did not answer within \(timeout).")
        case .notStarted(let reason): .notReadable("\(program) cannot be started: \(reason).")
        }
    }
}
