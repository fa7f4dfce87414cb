import Glibc
import TailwartSystem

/// Asks the programs that show the kernel's packet filter.
struct FirewallReader: Sendable {
    /// For each program.
    static let timeout = Duration.seconds(3)
    /// Bytes of a rule set. Beyond it are block lists, whose elements do not matter.
    static let maximum = 4 << 20

    func read() async -> FirewallReading {
        async let nft = nftables()
        async let v4 = iptables("iptables", "ip")
        async let v6 = iptables("ip6tables", "ip6")
        return Self.joined(nft: await nft, iptables: [await v4, await v6])
    }

    enum Answer: Sendable, Equatable {
        case ruleset(FirewallRuleset)
        case notPermitted
        /// The program is not installed.
        case missing
        /// As a whole sentence.
        case failed(String)
    }

    /// What iptables shows takes the place of the same tables in nft's words, which leaves out half of them.
    static func joined(nft: Answer, iptables: [Answer]) -> FirewallReading {
        let answers = [nft] + iptables
        let others = iptables.compactMap { if case .ruleset(let ruleset) = $0 { ruleset } else { nil } }
        let tables = others.flatMap(\.tables)
        let manager = others.compactMap(\.manager).first
        switch nft {
        case .ruleset(let ruleset):
            let keys = Set(tables.map(\.key))
            let own = ruleset.tables.filter { !keys.contains($0.key) }
            return .ruleset(
                FirewallRuleset(tables: own + tables, manager: ruleset.manager ?? manager), note: nil)
        case _ where answers.contains(.notPermitted): return .notPermitted
        case .missing where others.isEmpty:
            return .notReadable("Neither nft nor iptables-save is there to show the firewall's rules.")
        case .missing:
            return .ruleset(
                FirewallRuleset(tables: tables, manager: manager),
                note: "That is what iptables says; nft is not installed.")
        case .failed(let sentence): return .notReadable(sentence)
        case .notPermitted: return .notPermitted
        }
    }

    private func nftables() async -> Answer {
        var output = await Command.system(
            "nft", ["-j", "list", "ruleset"], atMost: Self.maximum, within: Self.timeout)
        let isTerse = output == .tooLong
        if isTerse {
            output = await Command.system(
                "nft", ["-j", "-t", "list", "ruleset"], atMost: Self.maximum, within: Self.timeout)
        }
        return answer("nft", output) { NFTables.read($0, isTerse: isTerse) }
    }

    /// Both kinds: rules of iptables-nft, and of the older one where the kernel has such tables.
    private func iptables(_ name: String, _ family: String) async -> Answer {
        let save = { (program: String) async -> Answer in
            let output = await Command.system(program, [], atMost: Self.maximum, within: Self.timeout)
            return answer(program, output) { IPTables.read(String(decoding: $0, as: UTF8.self), family: family) }
        }
        let first = await save("\(name)-save")
        // Only asked where it has tables, as asking loads the module.
        guard case .ruleset(var ruleset) = first, SmallFile.text("/proc/net/\(family)_tables_names")?.isEmpty == false,
            case .ruleset(let older) = await save("\(name)-legacy-save")
        else { return first }
        for table in older.tables where !ruleset.tables.contains(table) { ruleset.tables.append(table) }
        ruleset.manager = ruleset.manager ?? older.manager
        return .ruleset(ruleset)
    }

    private func answer(
        _ program: String, _ output: Command.Outcome, _ read: ([UInt8]) -> FirewallRuleset?
    ) -> Answer {
        switch output {
        case .missing: .missing
        case .ended(0, let bytes, _):
            read(bytes).map { .ruleset($0) } ?? .failed("What \(program) says of the firewall cannot be understood.")
        case .ended(_, _, let errors)
        where geteuid() != 0 || errors.contains("ermission") || errors.contains("not permitted"):
            .notPermitted
        case .ended(let code, _, let errors):
            .failed("\(program) failed with \(code): \(errors.split(separator: "\n").first ?? "no word").")
        case .tooLong: .failed("The rules that \(program) shows are longer than \(Self.maximum >> 20) MiB.")
        case .timedOut: .failed("\(program) did not answer within \(Self.timeout).")
        case .notStarted(let reason): .failed("\(program) cannot be started: \(reason).")
        }
    }
}
