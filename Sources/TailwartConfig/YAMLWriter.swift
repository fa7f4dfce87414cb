import TailwartCore

/// A YAML value to be printed, in block style where it says so or where a line would get too long.
enum YAMLOutput {
    case text(String)
    case flag(Bool)
    case list([YAMLOutput])
    case mapping([YAMLMember])
    /// Each member on lines of its own.
    case blockList([YAMLOutput])
    /// Each key on a line of its own.
    case blockMapping([YAMLMember])

    static func duration(_ duration: Duration) -> YAMLOutput { .text(duration.configurationText) }
    static func texts(_ texts: some Sequence<some CustomStringConvertible>) -> YAMLOutput {
        .list(texts.map { .text("\($0)") })
    }
}

/// A key of a mapping with its value.
struct YAMLMember {
    let key: String
    let value: YAMLOutput

    init(_ key: String, _ value: YAMLOutput) {
        self.key = key
        self.value = value
    }
}

/// Prints YAML that ``Configuration/load(text:file:environment:)`` reads back.
struct YAMLWriter {
    private static let lineWidth = 100
    private var lines: [String] = []

    static func write(_ output: YAMLOutput) -> String {
        var writer = YAMLWriter()
        writer.add(output, first: "", indent: 0)
        return writer.lines.joined(separator: "\n") + "\n"
    }

    /// - Parameters:
    ///   - first: what stands before the value on its first line, without the space between.
    ///   - indent: of the lines that follow.
    private mutating func add(_ output: YAMLOutput, first: String, indent: Int) {
        if let flow = Self.flow(output), first.count + 1 + flow.count <= Self.lineWidth || output.isText {
            lines.append(first.isEmpty ? flow : "\(first) \(flow)")
            return
        }
        let space = String(repeating: " ", count: indent)
        switch output {
        case .text, .flag:
            break
        case .list(let members), .blockList(let members):
            lines.append(first)
            for member in members { add(member, first: "\(space)-", indent: indent + 2) }
        case .mapping(let entries), .blockMapping(let entries):
            // Behind the dash of a list the first key stands on the same line.
            let isMember = first.hasSuffix("-")
            if !isMember, !first.isEmpty { lines.append(first) }
            for (number, entry) in entries.enumerated() {
                let start = isMember && number == 0 ? "\(first) " : space
                add(entry.value, first: "\(start)\(Self.quoted(entry.key)):", indent: indent + 2)
            }
        }
    }

    /// On one line; nil for what wants to be a block.
    private static func flow(_ output: YAMLOutput) -> String? {
        switch output {
        case .text(let text):
            return quoted(text)
        case .flag(let flag):
            return "\(flag)"
        case .list(let members):
            let texts = members.compactMap(flow)
            return texts.count == members.count ? "[\(texts.joined(separator: ", "))]" : nil
        case .mapping(let entries):
            let texts = entries.compactMap { entry in flow(entry.value).map { "\(quoted(entry.key)): \($0)" } }
            return texts.count == entries.count ? "{\(texts.joined(separator: ", "))}" : nil
        case .blockList, .blockMapping:
            return nil
        }
    }

    /// Text as it is where every reader of YAML takes it for text, or in double quotes; `$` is doubled, or it would name a
    /// variable.
    static func quoted(_ text: String) -> String {
        if isPlain(text) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "$": result += "$$"
            case " "..."~": result.unicodeScalars.append(scalar)
            default: result += "\\U" + String(UInt64(scalar.value) + 0x1_0000_0000, radix: 16).dropFirst()
            }
        }
        return result + "\""
    }

    private static func isPlain(_ text: String) -> Bool {
        let letters = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard letters, let first = text.first, first.isLetter || first.isNumber || first == "/", text.last != ":",
            !text.contains("::")
        else { return false }
        // What YAML 1.1 has for null and booleans.
        return !["null", "true", "false", "yes", "no", "on"].contains(text.lowercased())
    }
}

extension YAMLOutput {
    fileprivate var isText: Bool {
        if case .text = self { true } else { false }
    }
}
