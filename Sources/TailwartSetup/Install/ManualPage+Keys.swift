import TailwartWire

extension ManualPage {
    /// Every mapping of the file below a heading of its path; one that stands in several places is described in the first.
    static func keys(_ schema: JSON) -> [String] {
        var seen: [String: String] = [:]
        var lines: [String] = []
        var waiting = [(path: "", mapping: schema)][...]
        while let (path, mapping) = waiting.popFirst() {
            lines.append(".SS " + roff(path.isEmpty ? "the file" : path))
            let required = mapping["required"]?.list?.compactMap(\.text) ?? []
            for member in mapping["properties"]?.members ?? [] {
                let (key, value) = (member.key, member.value)
                let place = path.isEmpty ? key : "\(path).\(key)"
                lines += [".TP", ".B " + roff(key), roff(value["description"]?.text ?? "")]
                if let usual = value["default"] {
                    lines.append("Default: \(roff(usual.text ?? usual.line(comma: ", ", colon: ": "))).")
                }
                if required.contains(key) { lines.append("Required.") }
                for found in mappings(value, schema["$defs"]) {
                    let name = found.name ?? ""
                    if let first = seen[name] {
                        lines.append("Keys: as of \(roff(first)).")
                    } else {
                        seen[name] = place + found.behind
                        waiting.append((place + found.behind, found.mapping))
                    }
                }
            }
        }
        return lines
    }

    /// The mappings that a value may be.
    ///
    /// - Returns: each with its name in the schema, and what stands behind the path to the value.
    private static func mappings(
        _ value: JSON, _ definitions: JSON?, name: String? = nil
    ) -> [(name: String?, mapping: JSON, behind: String)] {
        if let reference = value["$ref"]?.text?.split(separator: "/").last {
            guard let next = definitions?[String(reference)] else { return [] }
            return mappings(next, definitions, name: String(reference))
        }
        var found = (value["anyOf"]?.list ?? []).flatMap { mappings($0, definitions, name: name) }
        if value["properties"] != nil { found.append((name, value, "")) }
        if let items = value["items"] {
            found += mappings(items, definitions).map { ($0.name, $0.mapping, "[]\($0.behind)") }
        }
        if let others = value["additionalProperties"], others.members != nil {
            found += mappings(others, definitions).map { ($0.name, $0.mapping, ".NAME\($0.behind)") }
        }
        return found
    }
}
