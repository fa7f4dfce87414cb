import TailwartWire

extension RecordPlan {
    /// One object: `host`, `zones` with `records`, `reverse`, `warnings`.
    package var json: String {
        let zones = zones.map { zone -> JSON in
            let records = zone.groups.flatMap { group in
                group.records.map { record -> JSON in
                    [
                        "name": .text(record.name), "purpose": .text(group.purpose),
                        "ttl": .number(ZoneRecord.timeToLive), "type": .text(record.type), "value": .text(record.value),
                    ]
                }
            }
            return ["hints": .texts(zone.hints), "records": .list(records), "zone": .text(zone.name)]
        }
        let reverse = reverse.map { one -> JSON in
            ["address": .text("\(one.address)"), "host": .text(one.host), "name": .text(one.record.name)]
        }
        let json: JSON = [
            "host": .text(host), "reverse": .list(reverse), "warnings": .texts(warnings), "zones": .list(zones),
        ]
        return "\(json)"
    }
}
