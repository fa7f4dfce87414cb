import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

@testable import TailwartImport

@Suite struct ParserTests {
    private func problem(_ body: () throws(SyntaxProblem) -> Void) -> (line: Int, column: Int)? {
        do throws(SyntaxProblem) {
            try body()
            return nil
        } catch {
            return (error.position.line, error.position.column)
        }
    }

    @Test(arguments: [
        ("{\"a\": 1,}", 1, 9), ("{\"a\" 1}", 1, 6), ("[1 2]", 1, 4), ("{\"a\": 1, \"a\": 2}", 1, 10),
        ("\n\n  nul", 3, 3),
        ("\"abc", 1, 1), ("\"\\q\"", 1, 2), ("\"\\ud800x\"", 1, 2), ("01", 1, 1), ("1 2", 1, 3), ("", 1, 1),
        ("{\"a\": \"x\n\"}", 1, 7),
        ("// comment", 1, 1), ("'a'", 1, 1), ("[1,\n 2,\n ]", 3, 2),
    ])
    func `JSON that is none is refused where it goes wrong`(text: String, line: Int, column: Int) {
        let found = problem { () throws(SyntaxProblem) in _ = try JSONElement(reading: text, file: "x") }
        #expect(found?.line == line && found?.column == column, "\(String(describing: found))")
    }

    @Test func `JSON texts keep what is escaped`() throws {
        let value = try JSONElement(reading: #""\u00e9\ud83d\ude00\n\/\"é""#, file: "x")
        #expect(value.text == "é😀\n/\"é")
    }

    @Test func `a JSON pointer leads to where it is`() throws {
        let root = try JSONElement(reading: "{\"a/b\": [1,\n {\"c~d\": true}]}", file: "x")
        let element = try #require(root["a/b"]?.elements?.last?["c~d"])
        #expect(element.position == SourcePosition(file: "x", line: 2, column: 10, pointer: "/a~1b/1/c~0d"))
    }

    @Test func `nginx words may be in quotes and hold variables`() throws {
        let directives = try NginxParser.parse(
            "a 'b c' \"d;e\" f\\ g ${h}i; # j;\nk { l m; }\nn;", file: "x")
        #expect(directives.map(\.name.text) == ["a", "k", "n"])
        #expect(directives[0].texts == ["b c", "d;e", "f g", "${h}i"])
        #expect(directives[1].block?.map(\.name.text) == ["l"])
        #expect(directives[2].position == SourcePosition(file: "x", line: 3, column: 1))
    }

    @Test(arguments: [
        ("a {", 1, 3), ("a", 1, 1), ("a;\n}", 2, 1), ("a { b }", 1, 5), (";", 1, 1), ("a 'b", 1, 3), ("{", 1, 1),
    ])
    func `nginx text that is none is refused where it goes wrong`(text: String, line: Int, column: Int) {
        let found = problem { () throws(SyntaxProblem) in _ = try NginxParser.parse(text, file: "x") }
        #expect(found?.line == line && found?.column == column, "\(String(describing: found))")
    }

    @Test func `HAProxy words have quotes, escapes and variables`() throws {
        let variables = Variables()
        let sections = try HAProxyParser.parse(
            "frontend a # b\n  log 'c $d' e\\ f \"g ${H} $I ${J-k}\" $l\n\nbackend m from n", file: "x", variables)
        #expect(sections.map(\.kind) == ["frontend", "backend"])
        #expect(sections[0].name == "a" && sections[1].base == "n")
        // A dollar sign outside double quotes is one, which ours writes twice.
        let texts = sections[0].lines[0].texts.map { variables.references.written($0) }
        #expect(texts == ["c $$d", "e f", "g ${H} ${I} ${J:-k}", "$$l"])
    }

    @Test(arguments: [
        ("bind :25", 1, 1), ("global\n.if 1", 2, 1), ("listen a\n  x 'y", 2, 5), ("listen a\n x \"${y", 2, 5),
    ])
    func `HAProxy text that is none is refused where it goes wrong`(text: String, line: Int, column: Int) {
        let found = problem { () throws(SyntaxProblem) in
            _ = try HAProxyParser.parse(text, file: "x", Variables())
        }
        #expect(found?.line == line && found?.column == column, "\(String(describing: found))")
    }

    @Test(
        arguments: [
            ("192.0.2.9/24", "192.0.2.0/24"), ("192.0.2.9", "192.0.2.9"), ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("192.0.2.0/33", nil), ("192.0.2.0/-1", nil), ("10.0.0.0/255.0.255.0", nil), ("x/8", nil),
            ("2001:db8::/129", nil),
        ] as [(String, String?)])
    func `networks lose the bits behind their prefix`(text: String, expected: String?) {
        #expect(Network(foreign: text).map { "\($0)" } == expected)
    }
}
