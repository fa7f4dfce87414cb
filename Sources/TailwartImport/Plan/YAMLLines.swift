import TailwartCore
import TailwartWire

/// Lines of YAML with comments, each with the place of the imported file that it comes from.
///
/// Texts are values as our file writes them: `${NAME}` is a variable and `$$` a dollar sign.
struct YAMLLines {
    private static let width = 100
    /// What places are named without their file.
    let mainFile: String
    private(set) var lines: [(text: String, place: SourcePlace?)] = []

    init(mainFile: String) {
        self.mainFile = mainFile
    }

    var text: String { lines.map { $0.text + "\n" }.joined() }

    mutating func add(_ text: String, indent: Int = 0, from place: SourcePlace? = nil) {
        lines.append((String(repeating: " ", count: indent) + text, place))
    }

    mutating func blank() {
        if let last = lines.last, !last.text.isEmpty { lines.append(("", nil)) }
    }

    /// A comment over as many lines as it takes.
    mutating func comment(_ text: String, indent: Int = 0) {
        var line = "#"
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > Self.width - indent, line != "#", line != "#  " {
                add(line, indent: indent)
                line = "#  "
            }
            line += " " + Self.printable(word)
        }
        add(line, indent: indent)
    }

    mutating func comment(_ note: Finding, indent: Int = 0) {
        var place = note.place
        place.pointer = nil
        comment("\(place.inWords(of: mainFile)): \(note.message)", indent: indent)
    }

    /// `from line 7 (/apps/layer4/…) and lines 8, 9`.
    mutating func comment(from places: [SourcePlace], indent: Int = 0) {
        guard let first = places.first else { return }
        var others: [String] = []
        for place in places.dropFirst() {
            others.append(place.file == first.file ? "\(place.line)" : "\(place.line) of \(place.file)")
        }
        others = others.withoutRepeats
        let more =
            switch others.count {
            case 0: ""
            case 1: " and line \(others[0])"
            case 2...8: " and lines \(others.joined(separator: ", "))"
            default: " and \(others.count) more places"
            }
        comment("from \(first.inWords(of: mainFile))\(more)", indent: indent)
    }

    /// A key with a value of several members: on one line, or one line for each.
    mutating func add(
        _ key: String, list members: [String], indent: Int = 0, from place: SourcePlace? = nil
    ) {
        let flow = "\(key): [\(members.joined(separator: ", "))]"
        if flow.count + indent <= Self.width {
            add(flow, indent: indent, from: place)
        } else {
            add("\(key):", indent: indent, from: place)
            for member in members { add("- \(member)", indent: indent + 2, from: place) }
        }
    }

    /// A value as it is where every reader of YAML takes it for text, else in double quotes.
    static func quoted(_ text: String, inFlow: Bool = true) -> String {
        if isPlain(text, inFlow: inFlow) { return text }
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

    private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
        let marks = inFlow ? "-_./:" : "-_./:${}"
        guard let first = text.unicodeScalars.first, text.last != ":", !text.contains("::"),
            isLetterOrDigit(first) || first == "/" || (!inFlow && text.hasPrefix("${")),
            text.unicodeScalars.allSatisfy({ isLetterOrDigit($0) || marks.unicodeScalars.contains($0) })
        else { return false }
        // What YAML 1.1 has for null and booleans.
        return !["null", "true", "false", "yes", "no", "on"].contains(text.lowercased())
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
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
