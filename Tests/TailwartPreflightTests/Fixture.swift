import Foundation
import Testing

@testable import TailwartPreflight

/// Rule sets as nft and iptables-save print them.
enum Fixture: String, CaseIterable {
    case server = "server.nft.json"
    case firewalld = "firewalld.nft.json"
    /// One rule for each kind of expression, none of which has to make sense.
    case manyExpressions = "many-expressions.nft.json"
    case ufw = "ufw.iptables-save"

    var bytes: [UInt8] {
        get throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
            return Array(try Data(contentsOf: folder.appending(path: rawValue)))
        }
    }

    var ruleset: FirewallRuleset? {
        get throws {
            let bytes = try bytes
            return self == .ufw
                ? .iptables(String(decoding: bytes, as: UTF8.self))
                : NFTables.ruleset(bytes)
        }
    }
}

extension FirewallRuleset {
    static func nft(_ text: String) throws -> FirewallRuleset {
        try #require(NFTables.ruleset(Array(text.utf8)) as FirewallRuleset?)
    }

    static func iptables(_ text: String, family: String = "ip") -> FirewallRuleset {
        IPTables.ruleset(text, family: family)
    }
}

extension FirewallPacket {
    /// A stranger's, to a host with one public interface.
    static func stranger(
        to port: UInt16, family: Family = .v4, interfaces: [String] = ["eth0"]
    ) -> FirewallPacket {
        FirewallPacket(family: family, port: port, interfaces: interfaces)
    }
}

/// A verdict without its place.
enum Shape: Equatable {
    case open, closed, diverted, unknown

    init(_ verdict: FirewallRuling) {
        self =
            switch verdict {
            case .open: .open
            case .closed: .closed
            case .diverted: .diverted
            case .unknown: .unknown
            }
    }
}
