import Foundation
import Testing

/// A `tailwart` command that a page or a shipped file shows.
struct ShownCommand: Sendable, CustomTestStringConvertible {
    enum Kind: Sendable {
        /// In a shell block, or behind `$ ` in another one: what a reader copies.
        case line
        /// In a block or file for another program, such as a unit, or between backticks.
        case mention
    }

    let page: String
    let number: Int
    /// The whole shell line, without its comment.
    let text: String
    let kind: Kind
    /// The block begins with ```` ```sh tailnet ````: nothing on one machine can stand for what its commands need.
    let needsTailnet: Bool

    var testDescription: String { "\(page):\(number) \(text)" }

    /// Each `tailwart` in it: the subcommand, and the options that are given to it and not to what stands behind `--`, a pipe or a
    /// semicolon.
    var calls: [(subcommand: String, options: [String])] {
        // As lists of YAML, JSON and Dockerfiles write it.
        let words = text.replacing(#/["',\[\]]/#, with: " ")
        return words.matches(of: Self.call).map { match in
            let rest = words[match.range.upperBound...].prefix { !"|;&>)#".contains($0) }
            let own = rest.components(separatedBy: " -- ")[0]
            return (
                String(match.output.1), own.matches(of: #/(?:^|\s)(--[a-z][a-z0-9-]*)/#).map { String($0.output.1) }
            )
        }
    }

    private static var call: Regex<(Substring, Substring)> {
        #/(?:^|[\s;|&\(=])(?:[^\s=]*\/)?tailwart +((?!tailwart\b)[a-z][a-z-]*)/#
    }

    private static func isCommand(_ text: String) -> Bool {
        text.replacing(#/["',\[\]]/#, with: " ").contains(call)
    }

    /// What a page shows in fenced blocks and between backticks.
    static func all(inPage text: String, named page: String) -> [ShownCommand] {
        var commands: [ShownCommand] = []
        var block: Block?
        var whole = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let opened = Block(fence: line) {
                block = block == nil ? opened : nil
                continue
            }
            guard let block else {
                for span in line.matches(of: #/`([^`]+)`/#) where isCommand(String(span.output.1)) {
                    commands.append(.init(page, index + 1, String(span.output.1), .mention))
                }
                continue
            }
            whole += line
            // A line that goes on.
            if whole.hasSuffix("\\") {
                whole = whole.dropLast() + " "
                continue
            }
            defer { whole = "" }
            guard let (shown, kind) = block.command(in: whole), isCommand(shown) else { continue }
            commands.append(.init(page, index + 1, shown, kind, needsTailnet: block.marks == ["tailnet"]))
        }
        return commands
    }

    /// What a file for another program runs, comments included.
    static func all(inFile text: String, named page: String) -> [ShownCommand] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { isCommand(String($0.element)) }
            .map { .init(page, $0.offset + 1, String($0.element), .mention) }
    }

    /// What stands behind the fences of shell blocks besides `sh`.
    static func marks(inPage text: String) -> Set<String> {
        Set(text.split(separator: "\n").compactMap { Block(fence: $0) }.filter { $0.language == "sh" }.flatMap(\.marks))
    }

    private init(_ page: String, _ number: Int, _ text: String, _ kind: Kind, needsTailnet: Bool = false) {
        self.page = page
        self.number = number
        self.text = text.trimmingCharacters(in: .whitespaces)
        self.kind = kind
        self.needsTailnet = needsTailnet
    }

    private struct Block {
        let language: String
        let marks: [String]

        /// The first line of a block, or its last, which has no language.
        init?(fence line: Substring) {
            let line = line.drop { $0 == " " }
            guard line.hasPrefix("```") else { return nil }
            let words = line.dropFirst(3).split(separator: " ").map(String.init)
            language = words.first ?? ""
            marks = Array(words.dropFirst())
        }

        func command(in line: String) -> (String, Kind)? {
            let plain = line.replacing(#/(^|\s)#.*/#, with: "")
            if plain.hasPrefix("$ ") { return (String(plain.dropFirst(2)), .line) }
            return switch language {
            case "sh": (plain, .line)
            // What a command prints.
            case "text": nil
            default: (line, .mention)
            }
        }
    }
}
