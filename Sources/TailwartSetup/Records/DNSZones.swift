package import TailwartCore
package import TailwartWire

/// The records to publish for one edge, zone by zone.
package struct DNSZones: Sendable, Equatable {
    package struct Zone: Sendable, Equatable {
        /// The mail domain; the host's own name where the host is under none of them.
        package let name: String
        package var groups: [Group]
        /// Sentences about what is not in the records.
        package var hints: [String]
    }

    /// Records that serve one purpose.
    package struct Group: Sendable, Equatable {
        package let purpose: String
        package let records: [ZoneRecord]
    }

    /// What the address must lead back to. Only who gave the address can publish it.
    package struct Reverse: Sendable, Equatable {
        package let address: IPAddress
        package let host: String

        package var record: ZoneRecord { ZoneRecord(address.reverseName, .alias(host)) }
    }

    package let host: String
    package let zones: [Zone]
    package let reverse: [Reverse]
    /// What is probably not meant.
    package let warnings: [String]

    /// Why there is nothing to plan.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case noDomain
        case noAddress
        case notPublic(IPAddress, reason: String)
        /// One of the records' names is longer than DNS takes.
        case nameTooLong(String)

        package var description: String {
            switch self {
            case .noDomain:
                "no mail domain: the configuration has neither 'mailbox.domains' nor names such as mta-sts.example.org on 443. "
                    + "Name the domain with --domain."
            case .noAddress:
                "no public address: neither the listeners nor this host have one. Name it with --ipv4 or --ipv6."
            case .notPublic(let address, let reason):
                "\(address) cannot be published: \(reason)"
            case .nameTooLong(let name):
                "'\(name.prefix(40))…' cannot be published: a name in DNS has at most \(ZoneRecord.nameLimit) bytes, and this one "
                    + "\(name.utf8.count); name a shorter domain or host"
            }
        }
    }
}

extension IPAddress {
    /// The name under which the reverse record stands, without the trailing dot (RFC 1035 section 3.5, RFC 3596 section 2.5).
    var reverseName: String {
        switch self {
        case .v4(let bits):
            "\(bits & 0xff).\(bits >> 8 & 0xff).\(bits >> 16 & 0xff).\(bits >> 24).in-addr.arpa"
        case .v6(let high, let low):
            [low, high].flatMap { half in
                (0..<16).map { String(half >> UInt64(4 * $0) & 0xf, radix: 16) }
            }.joined(separator: ".") + ".ip6.arpa"
        }
    }
}

extension DNSZones {
    /// The records as a script gets them.
    ///
    /// - Parameters:
    ///   - zones: nil if there is nothing to publish.
    ///   - problems: besides the zones' own warnings.
    package static func answer(_ zones: DNSZones?, problems: [CommandAnswer.Problem]) -> CommandAnswer {
        CommandAnswer(
            isGood: zones != nil,
            problems: problems + (zones?.warnings ?? []).map { CommandAnswer.Problem(.warning, $0) },
            [
                "host": (zones?.host).json, "zones": .list((zones?.zones ?? []).map(\.json)),
                "reverse": .list((zones?.reverse ?? []).map(\.json)),
            ])
    }
}

extension DNSZones.Zone {
    fileprivate var json: JSON {
        let records = groups.flatMap { group in
            group.records.map { record -> JSON in
                [
                    "name": .text(record.name), "type": .text(record.type), "value": .text(record.value),
                    "ttl": .number(ZoneRecord.timeToLive), "purpose": .text(group.purpose),
                ]
            }
        }
        return ["zone": .text(name), "records": .list(records), "hints": .texts(hints)]
    }
}

extension DNSZones.Reverse {
    fileprivate var json: JSON {
        ["address": .text("\(address)"), "name": .text(record.name), "host": .text(host)]
    }
}
