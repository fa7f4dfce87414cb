import TailwartPolicy
import TailwartTesting
import Testing

@Suite struct HuJSONTests {
    /// The value in plain JSON, so that a test can say what it expects.
    private static func plain(_ value: HuJSON) -> String {
        switch value.content {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text
        case .string(let text): "'\(text)'"
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
        #expect(Self.plain(try HuJSONParser.parse(Array(text.utf8))) == expected)
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
        (".5", "1:1", "value"), ("+1", "1:1", "value"), ("nul", "1:1", "no value"), ("True", "1:1", "no value"),
        ("{} /", "1:4", "comment"), ("/* a", "1:1", "never closed"), ("{\"ä→😀\": x}", "1:9", "no value"),
        ("{\n// ä\n  \"a\": ]", "3:8", "value"), ("\u{FEFF}{}", "1:1", "value"),
    ])
    func `what is no HuJSON is refused in its place`(text: String, place: String, word: String) throws {
        let error = #expect(throws: HuJSONError.self) { try HuJSONParser.parse(Array(text.utf8)) }
        #expect(error?.place.description == place, "\(String(describing: error))")
        #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }

    @Test func `depth and size have limits`() throws {
        func nested(_ levels: Int) -> [UInt8] {
            Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        }
        _ = try HuJSONParser.parse(nested(HuJSONParser.depthLimit))
        #expect(throws: HuJSONError.self) { try HuJSONParser.parse(nested(HuJSONParser.depthLimit + 1)) }
        #expect(throws: HuJSONError.self) { try HuJSONParser.parse(nested(200_000)) }
        let blanks = [UInt8](repeating: 0x20, count: HuJSONParser.byteLimit)
        let error = #expect(throws: HuJSONError.self) { try HuJSONParser.parse(blanks + Array("{}".utf8)) }
        #expect(error?.message.contains("1 MiB") == true)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let error = #expect(throws: HuJSONError.self) {
            try HuJSONParser.parse(Array("{\"a\": \"".utf8) + [0xC3, 0x28])
        }
        #expect(error?.message.contains("UTF-8") == true)
    }

    @Test func `every beginning of a policy ends in an error and not in a trap`() throws {
        let whole = Array(Samples.policy.utf8)
        _ = try HuJSONParser.parse(whole)
        for length in 0..<(whole.count - 3) {
            #expect(throws: HuJSONError.self) { try HuJSONParser.parse(Array(whole[..<length])) }
        }
    }

    @Test func `a policy with bytes changed is read or refused`() throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("HuJSON mutations: seed \(random.seed)")
        let whole = Array(Samples.policy.utf8)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let interesting = Array("{}[]\",:/*\\u0 \n".utf8)
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    random.oneIn(4)
                    ? UInt8.random(in: 0...255, using: &random) : interesting.randomElement(using: &random) ?? 0
            }
            do {
                // What can be read can also be made sense of, or said not to.
                let policy = Policy(try HuJSONParser.parse(bytes))
                _ = PolicyCheck(policy, against: Samples.configuration, tags: Samples.tags)
            } catch {
                refused += 1
                #expect(error.place.line >= 1 && error.place.column >= 1)
            }
        }
        #expect(refused > 0)
    }
}
