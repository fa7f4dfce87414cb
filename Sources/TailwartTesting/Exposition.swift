/// A page of metrics, read strictly: what a scraper may forgive is an error here.
///
/// Prometheus' text format 0.0.4 and OpenMetrics 1.0.0, as far as a page without timestamps and exemplars goes.
package struct Exposition {
    package struct Sample: Equatable, Sendable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package struct Family: Sendable {
        package let name: String
        package let help: String
        package let type: String
        package var unit: String?
        package var samples: [Sample] = []
    }

    package private(set) var families: [Family] = []

    package var samples: [Sample] { families.flatMap(\.samples) }

    /// The sample with these labels, among others.
    package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { sample in sample.name == name && labels.allSatisfy { sample.labels[$0] == $1 } }?.value
    }

    package init(_ text: String, openMetrics: Bool) throws(TestFailure) {
        guard text.hasSuffix("\n") else { throw TestFailure("the last line has no end") }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        if openMetrics {
            guard lines.popLast() == "# EOF" else { throw TestFailure("no # EOF at the end") }
        }
        var seen: Set<String> = []
        while let line = lines.first {
            let name = try Self.takeComment("HELP", &lines).name
            let help = line.dropFirst("# HELP \(name) ".count)
            let type = try Self.takeComment("TYPE", &lines)
            guard type.name == name, seen.insert(name).inserted else { throw TestFailure("\(name): twice or mixed") }
            var family = Family(
                name: name, help: try Self.unescaped(help, quotes: openMetrics), type: type.rest)
            if lines.first?.hasPrefix("# UNIT ") ?? false {
                let unit = try Self.takeComment("UNIT", &lines)
                guard openMetrics, unit.name == name, name.hasSuffix("_\(unit.rest)") else {
                    throw TestFailure("\(name): unit")
                }
                family.unit = unit.rest
            }
            while let line = lines.first, !line.hasPrefix("#") {
                family.samples.append(try Self.sample(line))
                lines.removeFirst()
            }
            try family.check(openMetrics: openMetrics)
            families.append(family)
        }
        let all = samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }
        guard Set(all).count == all.count else { throw TestFailure("a series is there twice") }
    }

    private static func takeComment(
        _ word: String, _ lines: inout ArraySlice<Substring>
    ) throws(TestFailure) -> (name: String, rest: String) {
        guard let line = lines.popFirst(), line.hasPrefix("# \(word) ") else { throw TestFailure("no # \(word)") }
        let parts = line.dropFirst(word.count + 3).split(separator: " ", maxSplits: 1)
        guard parts.count == 2, isName(parts[0], colons: true) else { throw TestFailure("\(line)") }
        return (String(parts[0]), String(parts[1]))
    }

    private static func isName(_ text: Substring, colons: Bool) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            case ":": colons
            default: false
            }
        }
    }

    private static func unescaped(_ text: Substring, quotes: Bool) throws(TestFailure) -> String {
        var plain = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "\\" else {
                if quotes, character == "\"" { throw TestFailure("a bare quote in \(text)") }
                plain.append(character)
                continue
            }
            switch rest.popFirst() {
            case "\\": plain.append("\\")
            case "n": plain.append("\n")
            case "\"" where quotes: plain.append("\"")
            default: throw TestFailure("an unknown escape in \(text)")
            }
        }
        return plain
    }

    private static func sample(_ line: Substring) throws(TestFailure) -> Sample {
        let name = line.prefix { $0 != "{" && $0 != " " }
        guard isName(name, colons: true) else { throw TestFailure("\(line)") }
        var rest = line.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while true {
                let label = rest.prefix { $0 != "=" }
                rest = rest.dropFirst(label.count)
                guard isName(label, colons: false), rest.hasPrefix("=\"") else { throw TestFailure("\(line)") }
                rest = rest.dropFirst(2)
                let start = rest.startIndex
                while let next = rest.first, next != "\"" { rest = rest.dropFirst(next == "\\" ? 2 : 1) }
                let value = try unescaped(line[start..<rest.startIndex], quotes: true)
                guard labels.updateValue(value, forKey: String(label)) == nil, rest.popFirst() == "\"" else {
                    throw TestFailure("\(line)")
                }
                let separator = rest.popFirst()
                if separator == "}" { break }
                guard separator == "," else { throw TestFailure("\(line)") }
            }
        }
        guard rest.popFirst() == " ", let value = Double(String(rest)), !rest.contains(" ") else {
            throw TestFailure("\(line)")
        }
        return Sample(name: String(name), labels: labels, value: value)
    }
}

extension Exposition.Family {
    fileprivate func check(openMetrics: Bool) throws(TestFailure) {
        guard !samples.isEmpty, !help.isEmpty else { throw TestFailure("\(name) is empty") }
        let suffixes: Set<String>
        switch type {
        case "counter":
            suffixes = [openMetrics ? "_total" : ""]
            guard openMetrics != name.hasSuffix("_total") else { throw TestFailure("\(name): no name of a counter") }
            guard samples.allSatisfy({ $0.value >= 0 }) else { throw TestFailure("\(name) is negative") }
        case "gauge": suffixes = [""]
        case "info" where openMetrics: suffixes = ["_info"]
        case "histogram":
            suffixes = ["_bucket", "_sum", "_count"]
            try checkBuckets()
        default: throw TestFailure("\(name) is a \(type)")
        }
        for sample in samples where !suffixes.contains(where: { name + $0 == sample.name }) {
            throw TestFailure("\(sample.name) is not of \(name)")
        }
    }

    /// Each bucket holds those below it, and the last one all.
    private func checkBuckets() throws(TestFailure) {
        var open: [(bound: Double, value: Double)] = []
        for sample in samples {
            if sample.name == name + "_bucket" {
                guard let text = sample.labels["le"], let bound = Double(text), text == "+Inf" || text.contains(".")
                else { throw TestFailure("\(name): le") }
                if let last = open.last, last.bound >= bound || last.value > sample.value {
                    throw TestFailure("\(name) is not cumulative")
                }
                open.append((bound, sample.value))
            } else if sample.name == name + "_count" {
                guard open.last?.bound == .infinity, open.last?.value == sample.value else {
                    throw TestFailure("\(name): the count is not that of the last bucket")
                }
                open = []
            }
        }
        guard open.isEmpty else { throw TestFailure("\(name) has no count") }
    }
}
