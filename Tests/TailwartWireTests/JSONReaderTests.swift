import TailwartTesting
import TailwartWire
import Testing

@Suite struct JSONReaderTests {
    private static func read(
        _ text: String, _ options: JSONReader.Options = .init(allowsComments: true)
    ) throws(JSONError) -> JSON {
        try JSONReader.read(Array(text.utf8).span, options)
    }

    /// The value in plain JSON, so that a test can say what it expects.
    private static func plain(_ value: JSON) -> String {
        switch value.content {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let text): text
        case .text(let text): "'\(text)'"
        case .list(let elements): "[" + elements.map(plain).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\($0.key):\(plain($0.value))" }.joined(separator: ",") + "}"
        }
    }

    @Test(arguments: [
        ("{}", "{}"), ("[ ]", "[]"), ("null", "null"), ("true", "true"), ("-0.5e+3", "-0.5e+3"), ("\"\"", "''"),
        ("{\"a\": [1, 2,], }", "{a:[1,2]}"),
        ("// first\n{ /* in */ \"a\" /**/ : // behind\n 1 /* * / **/ } // last", "{a:1}"),
        ("{\"a\": \"// no comment\", \"b\": \"/* nor this */\"}", "{a:'// no comment',b:'/* nor this */'}"),
        ("{\"a\": 1, \"a\": 2}", "{a:1,a:2}"), ("\r\n\t[\r\n]\t", "[]"),
        (#""\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00""#, "'\"\\/\u{8}\u{c}\n\r\tä😀'"), ("\"ü→😀\"", "'ü→😀'"),
    ])
    func `a text is read for what it says`(text: String, expected: String) throws {
        #expect(Self.plain(try Self.read(text)) == expected)
    }

    @Test(arguments: [
        ("", "1:1", "no value"), ("  // only a comment", "1:20", "no value"), ("{} {}", "1:4", "goes on"),
        ("{", "1:1", "never closed"), ("{\n  \"a\": [1,\n", "2:8", "never closed"), ("{\"a\" 1}", "1:6", "colon"),
        ("{\"a\": 1 \"b\": 2}", "1:9", "comma"), ("{'a': 1}", "1:2", "double quotes"),
        ("{a: 1}", "1:2", "double quotes"),
        ("{,}", "1:2", "key"), ("[,]", "1:2", "value"), ("[1,,2]", "1:4", "value"), ("[1 2]", "1:4", "comma"),
        ("\"a", "1:1", "never closed"), ("[\"a\n\"]", "1:2", "line"), ("\"\u{1}\"", "1:2", "control"),
        (#""\x""#, "1:2", "escape"), (#""\u12g4""#, "1:2", "hexadecimal"), (#""\uD83D""#, "1:2", "half"),
        (#""\uDE00""#, "1:2", "half"), (#""\uD83Dx""#, "1:2", "half"), (#""\uD83D\n""#, "1:2", "half"),
        ("01", "1:1", "number"), ("1.", "1:1", "number"), ("-", "1:1", "number"), ("1e", "1:1", "number"),
        (".5", "1:1", "value"), ("+1", "1:1", "value"), ("nul", "1:1", "not a value"), ("True", "1:1", "not a value"),
        ("{} /", "1:4", "comment"), ("/* a", "1:1", "never closed"), ("{\"ä→😀\": x}", "1:9", "not a value"),
        ("{\n// ä\n  \"a\": ]", "3:8", "value"), ("\u{FEFF}{}", "1:1", "value"),
    ])
    func `what is no JSON with comments is refused in its position`(text: String, position: String, word: String) throws
    {
        let error = #expect(throws: JSONError.self) { try Self.read(text) }
        #expect(error?.position.description == position, "\(String(describing: error))")
        #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }

    @Test func `depth and size have limits`() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        _ = try Self.read(nested(JSONReader.depthLimit))
        #expect(throws: JSONError.self) { try Self.read(nested(JSONReader.depthLimit + 1)) }
        #expect(throws: JSONError.self) { try Self.read(nested(200_000)) }
        let blanks = String(repeating: " ", count: 1 << 20)
        let error = #expect(throws: JSONError.self) { try Self.read(blanks + "{}") }
        #expect(error?.message.contains("1 MiB") == true)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let error = #expect(throws: JSONError.self) {
            try JSONReader.read((Array("{\"a\": \"".utf8) + [0xC3, 0x28]).span)
        }
        #expect(error?.message.contains("UTF-8") == true)
    }

    @Test(arguments: ["// a\n1", "/* a */ 1", "[1,]", "{\"a\": 1,}"])
    func `comments and last commas are allowed only where they were asked for`(text: String) throws {
        _ = try Self.read(text)
        #expect(throws: JSONError.self) { try Self.read(text, .init()) }
    }

    @Test func `a repeated key is refused where that was asked for`() throws {
        let text = "{\"a\": 1,\n \"a\": 2}"
        #expect(try Self.read(text)["a"]?.integer == 1)
        let error = #expect(throws: JSONError.self) { try Self.read(text, .init(refusesRepeatedKeys: true)) }
        #expect(error?.position == TextPosition(line: 2, column: 2) && error?.message.contains("line 1") == true)
    }

    @Test func `any bytes are read or refused`() {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        let interesting = Array("{}[]\",:/*\\u0-1e. \n".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                random.oneIn(8)
                    ? UInt8.random(in: 0...255, using: &random) : interesting.randomElement(using: &random) ?? 0
            }
            guard let value = try? JSONReader.read(bytes.span, .init(allowsComments: true)) else { continue }
            let again = try? Self.read("\(value)", .init())
            #expect(again == value, "seed \(random.seed): \(bytes)")
        }
    }

    @Test func `what is written is read as what it was`() throws {
        let value: JSON = [
            "text": "a \"quoted\" \\ back\u{7f}\n\u{1b}ä😀", "list": [1, true, false, .null], "empty": [:],
            "absent": nil,
        ]
        #expect(
            "\(value)"
                == #"{"text":"a \"quoted\" \\ back\u007f\u000a\u001bä😀","list":[1,true,false,null],"empty":{}}"#)
        #expect(try Self.read("\(value)", .init()) == value)
    }
}
