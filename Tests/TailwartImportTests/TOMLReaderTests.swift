import TailwartTesting
import Testing

@testable import TailwartImport

@Suite(.ownThreads) struct TOMLReaderTests {
    /// A tree without positions, to compare.
    indirect enum Tree: Equatable {
        case text(String)
        case list([Tree])
        case table([String: Tree])

        init(_ node: TraefikNode) {
            switch node.content {
            case .text(let text): self = .text(text)
            case .list(let elements): self = .list(elements.map { Tree($0) })
            case .mapping(let members):
                self = .table(Dictionary(members.map { ($0.key, Tree($0.value)) }) { first, _ in first })
            case .nothing: self = .text("")
            }
        }
    }

    private static func read(_ text: String) throws -> Tree { Tree(try TOMLReader.read(text, file: "a.toml")) }

    @Test(arguments: [
        ("a = 1", Tree.table(["a": .text("1")])), ("a.b = true", .table(["a": .table(["b": .text("true")])])),
        ("a = \"\\u00e9\\t\\\"\"", .table(["a": .text("é\t\"")])), ("a = 'x\\y'", .table(["a": .text("x\\y")])),
        ("a = \"\"\"\nb\n\"c\"\"\"\"", .table(["a": .text("b\n\"c\"")])),
        ("a = \"\"\"b \\\n   c\"\"\"", .table(["a": .text("b c")])), ("a = '''b\\'''", .table(["a": .text("b\\")])),
        ("a = ''", .table(["a": .text("")])),
        ("a = [1, # one\n 2,\n]", .table(["a": .list([.text("1"), .text("2")])])),
        ("a = {b = 1, c.d = 2}", .table(["a": .table(["b": .text("1"), "c": .table(["d": .text("2")])])])),
        ("[a]\nb = 1\n[a.c]\nd = 2", .table(["a": .table(["b": .text("1"), "c": .table(["d": .text("2")])])])),
        (
            "[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2",
            .table(["a": .list([.table(["b": .text("1")]), .table(["c": .table(["d": .text("2")])])])])
        ),
        ("'a b'.\"c\" = 1_000\r\n", .table(["a b": .table(["c": .text("1000")])])), ("", .table([:])),
    ])
    func `each kind of value and table is read`(text: String, tree: Tree) throws {
        #expect(try Self.read(text) == tree)
    }

    @Test(arguments: [
        ("a", 1, 2), ("a =", 1, 4), ("a = b", 1, 5), ("a = 1 b", 1, 7), ("a = 1\na = 2", 2, 1), ("[a", 1, 3),
        ("[a]\n[a]", 2, 1), ("a = \"x", 1, 5), ("a = \"\\q\"", 1, 6), ("a = 2026-01-01", 1, 5), ("[[a]]\n[a]\n", 2, 1),
        ("a = 1\n[a.b]", 2, 1), ("a = 'x\ny'", 1, 5), ("a = [1 2]", 1, 8), ("a = {b = 1", 1, 11),
    ])
    func `what is no TOML is refused with its place`(text: String, line: Int, column: Int) {
        #expect {
            try TOMLReader.read(text, file: "a.toml")
        } throws: { error in
            let position = (error as? SyntaxProblem)?.position
            return position?.line == line && position?.column == column
        }
    }

    /// Whatever is written in any of the ways that there are is read as it was.
    @Test func `a tree that is written is read again`() throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed)")
        for _ in 0..<300 {
            let tree = Self.someTable(&random, depth: 0)
            guard case .table(let members) = tree else { continue }
            let text = Self.written(members, under: [], &random)
            #expect(try Self.read(text) == tree, "seed \(random.seed)\n\(text)")
        }
    }

    @Test func `every beginning of a file gets an answer, and so does one that was changed`() {
        let scalars = Array(TraefikTests.toml.unicodeScalars)
        for end in 0..<scalars.count {
            _ = try? TOMLReader.read(String(String.UnicodeScalarView(scalars[..<end])), file: "a.toml")
        }
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed)")
        let interesting = Array("[]{}=\"'\\.#\n\r\t,a1\u{0}é".unicodeScalars)
        for _ in 0..<500 {
            var changed = scalars
            for _ in 0..<3 {
                changed[Int.random(in: 0..<changed.count, using: &random)] =
                    interesting.randomElement(using: &random) ?? "x"
            }
            _ = try? TOMLReader.read(String(String.UnicodeScalarView(changed)), file: "a.toml")
        }
        for deep in ["[", "a = [", "a = {a = "] {
            #expect(throws: (any Error).self) {
                try TOMLReader.read("a = " + String(repeating: deep, count: 10_000), file: "a.toml")
            }
        }
    }

    // MARK: - some files

    private static func someTable(_ random: inout SeededRandom, depth: Int) -> Tree {
        var members: [String: Tree] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            members[someText(&random)] = someValue(&random, depth: depth + 1)
        }
        return .table(members)
    }

    private static func someValue(_ random: inout SeededRandom, depth: Int) -> Tree {
        switch depth > 3 ? 0 : Int.random(in: 0...4, using: &random) {
        case 1: .list((0..<Int.random(in: 0...3, using: &random)).map { _ in someValue(&random, depth: depth + 1) })
        case 2, 3: someTable(&random, depth: depth)
        default: .text(someText(&random))
        }
    }

    private static func someText(_ random: inout SeededRandom) -> String {
        let letters: [Character] = [
            "a", "b", "Z", "0", "-", "_", ".", " ", "\"", "'", "\\", "\n", "\t", "é", "#", "=", "]",
        ]
        return String(
            (0..<Int.random(in: 0...6, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
    }

    private static func written(_ members: [String: Tree], under path: [String], _ random: inout SeededRandom) -> String
    {
        var (own, tables) = ("", "")
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let below = path + [quoted(key)]
            switch value {
            case .table(let members) where random.oneIn(2):
                tables += "[ \(below.joined(separator: " . ")) ] # a table\n" + written(members, under: below, &random)
            case .list(let elements) where !elements.isEmpty && elements.allSatisfy(\.isTable) && random.oneIn(2):
                for case .table(let members) in elements {
                    tables += "[[\(below.joined(separator: "."))]]\n" + written(members, under: below, &random)
                }
            default: own += "\(quoted(key)) = \(inline(value, &random))\n"
            }
        }
        return own + tables
    }

    private static func inline(_ tree: Tree, _ random: inout SeededRandom) -> String {
        switch tree {
        case .text(let text):
            let isPlain = !text.contains { $0 == "'" || $0 == "\n" }
            if isPlain, random.oneIn(3) { return "'\(text)'" }
            if !text.contains("\\"), !text.contains("\""), random.oneIn(3) { return "\"\"\"\n\(text)\"\"\"" }
            return quoted(text)
        case .list(let elements): return "[\n" + elements.map { "\(inline($0, &random)), # one\n" }.joined() + "]"
        case .table(let members):
            let pairs = members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)) = \(inline($0.value, &random))" }
            return "{ \(pairs.joined(separator: ", ")) }"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.map { character -> String in
            switch character {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "é": "\\u00E9"
            default: String(character)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

extension TOMLReaderTests.Tree {
    fileprivate var isTable: Bool { if case .table = self { true } else { false } }
}
