import TailwartCore

/// A YAML value to be printed, in block style where it says so or where a line would get too long.
package enum YAMLOutput {
    case text(String)
    /// A text in which `$` begins a reference to a variable.
    case reference(String)
    case flag(Bool)
    case list([YAMLOutput])
    case mapping([YAMLMember])
    /// Each member on lines of its own.
    case blockList([YAMLOutput])
    /// Each key on a line of its own.
    case blockMapping([YAMLMember])

    static func duration(_ duration: Duration) -> YAMLOutput { .text(duration.configurationText) }
    package static func texts(_ texts: some Sequence<some CustomStringConvertible>) -> YAMLOutput {
        .list(texts.map { .text("\($0)") })
    }
}

/// A key of a mapping with its value.
package struct YAMLMember {
    let key: String
    let value: YAMLOutput
    /// What it says something about; nil: the same as what is around it.
    let part: FilePositions.Part?
    /// Above it, each begins a line.
    var comments: [String]

    package init(_ key: String, _ value: YAMLOutput, of part: FilePositions.Part? = nil, comments: [String] = []) {
        self.key = key
        self.value = value
        self.part = part
        self.comments = comments
    }
}

/// Prints YAML that ``Configuration/load(text:file:environment:)`` reads back.
package struct YAMLWriter {
    package struct Line: Sendable {
        package let text: String
        /// What it says something about.
        package let part: FilePositions.Part
    }

    private static let lineWidth = 100
    private var lines: [Line] = []
    private var part = FilePositions.Part.file
    /// Whether a blank line stands before what has a comment.
    private let isSpaced: Bool

    /// - Parameter head: comments above everything; with them, what has a comment gets a blank line before it.
    package static func write(_ output: YAMLOutput, head: [String] = []) -> [Line] {
        var writer = YAMLWriter(isSpaced: !head.isEmpty)
        writer.comment(head, indent: 0)
        writer.add(output, first: "", indent: 0)
        return writer.lines
    }

    private init(isSpaced: Bool) {
        self.isSpaced = isSpaced
    }

    /// - Parameters:
    ///   - first: what stands before the value on its first line, without the space between.
    ///   - indent: of the lines that follow.
    private mutating func add(_ output: YAMLOutput, first: String, indent: Int) {
        if let flow = Self.flow(output, isInside: false),
            first.count + 1 + flow.count <= Self.lineWidth || output.isText
        {
            add(first.isEmpty ? flow : "\(first) \(flow)")
            return
        }
        switch output {
        case .text, .reference, .flag:
            break
        case .list(let members), .blockList(let members):
            add(first)
            for (number, member) in members.enumerated() {
                if let beside = member.first { begin(beside, isFirst: number == 0, indent: indent) }
                add(member, first: "\(Self.space(indent))-", indent: indent + 2)
            }
        case .mapping(let entries), .blockMapping(let entries):
            // Behind the dash of a list the first key stands on the same line.
            let isMember = first.hasSuffix("-")
            if !isMember, !first.isEmpty { add(first) }
            let around = part
            for (number, entry) in entries.enumerated() {
                part = entry.part ?? around
                let isBesideDash = isMember && number == 0
                if !isBesideDash { begin(entry, isFirst: number == 0, indent: indent) }
                let start = isBesideDash ? "\(first) " : Self.space(indent)
                add(entry.value, first: "\(start)\(Self.quoted(entry.key)):", indent: indent + 2)
            }
            part = around
        }
    }

    private mutating func add(_ text: String) { lines.append(Line(text: text, part: part)) }

    /// What stands above a key: its comments, with a blank line before them, and before each block of the top.
    private mutating func begin(_ entry: YAMLMember, isFirst: Bool, indent: Int) {
        let isApart =
            indent == 0
            ? isFirst || !entry.comments.isEmpty || entry.value.isBlock : !isFirst && !entry.comments.isEmpty
        if isSpaced, isApart { add("") }
        comment(entry.comments, indent: indent)
    }

    /// Each over as many lines as it takes.
    private mutating func comment(_ texts: [String], indent: Int) {
        for text in texts {
            var line = "#"
            for word in text.split(separator: " ") {
                if line.count + 1 + word.count > Self.lineWidth - indent, line != "#", line != "#  " {
                    add(Self.space(indent) + line)
                    line = "#  "
                }
                line += " " + Self.printable(word)
            }
            add(Self.space(indent) + line)
        }
    }

    private static func space(_ count: Int) -> String { String(repeating: " ", count: count) }

    /// On one line; nil for what wants to be a block.
    ///
    /// - Parameter isInside: whether it stands in brackets.
    private static func flow(_ output: YAMLOutput, isInside: Bool) -> String? {
        switch output {
        case .text(let text):
            return quoted(text.contains("$") ? text.replacing("$", with: "$$") : text)
        case .reference(let text):
            return quoted(text, marks: isInside ? "" : "${}")
        case .flag(let flag):
            return "\(flag)"
        case .list(let members):
            let texts = members.compactMap { flow($0, isInside: true) }
            return texts.count == members.count ? "[\(texts.joined(separator: ", "))]" : nil
        case .mapping(let entries):
            let texts = entries.compactMap { entry in
                flow(entry.value, isInside: true).map { "\(quoted(entry.key)): \($0)" }
            }
            return texts.count == entries.count ? "{\(texts.joined(separator: ", "))}" : nil
        case .blockList, .blockMapping:
            return nil
        }
    }

    /// Text as it is where every reader of YAML takes it for text, or in double quotes.
    ///
    /// - Parameter marks: that mean nothing where it stands.
    private static func quoted(_ text: String, marks: String = "") -> String {
        if isPlain(text, marks) { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case " "..."~": result.unicodeScalars.append(scalar)
            default: result += "\\U" + String(UInt64(scalar.value) + 0x1_0000_0000, radix: 16).dropFirst()
            }
        }
        return result + "\""
    }

    private static func isPlain(_ text: String, _ marks: String) -> Bool {
        let letters = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: ":"):
                true
            default: marks.utf8.contains(byte)
            }
        }
        guard letters, let first = text.first, first.isLetter || first.isNumber || first == "/" || text.hasPrefix("${"),
            text.last != ":", !text.contains("::")
        else { return false }
        // What YAML 1.1 has for null and booleans.
        return !["null", "true", "false", "yes", "no", "on"].contains(text.lowercased())
    }

    /// Without characters that may not stand in our file.
    private static func printable(_ text: Substring) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 0x20...0x7E: scalar
                    case 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, 0xE000...0xF8FF: "?"
                    default: scalar.value >= 0xA0 ? scalar : "?"
                    }
                }))
    }
}

extension [YAMLWriter.Line] {
    package var text: String { map { $0.text + "\n" }.joined() }
}

extension YAMLOutput {
    fileprivate var isText: Bool {
        switch self {
        case .text, .reference: true
        default: false
        }
    }

    fileprivate var isBlock: Bool {
        switch self {
        case .blockList, .blockMapping: true
        default: false
        }
    }

    /// The first key, beside the dash of a list.
    fileprivate var first: YAMLMember? {
        switch self {
        case .mapping(let members), .blockMapping(let members): members.first
        default: nil
        }
    }
}
