import FoundationEssentials

extension RecordPlan {
    /// One object: `host`, `zones` with `records`, `reverse`, `warnings`.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(Answer(self)), as: UTF8.self)
        }
    }

    private struct Answer: Encodable {
        struct Record: Encodable {
            let name: String
            let type: String
            let ttl: Int
            let value: String
            let purpose: String
        }

        struct Zone: Encodable {
            let zone: String
            let records: [Record]
            let hints: [String]
        }

        struct Reverse: Encodable {
            let address: String
            let name: String
            let host: String
        }

        let host: String
        let zones: [Zone]
        let reverse: [Reverse]
        let warnings: [String]

        init(_ plan: RecordPlan) {
            host = plan.host
            zones = plan.zones.map { zone in
                let records = zone.groups.flatMap { group in
                    group.records.map { record in
                        Record(
                            name: record.name, type: record.type, ttl: ZoneRecord.timeToLive, value: record.value,
                            purpose: group.purpose)
                    }
                }
                return Zone(zone: zone.name, records: records, hints: zone.hints)
            }
            reverse = plan.reverse.map {
                Reverse(address: "\($0.address)", name: $0.record.name, host: $0.host)
            }
            warnings = plan.warnings
        }
    }
}
