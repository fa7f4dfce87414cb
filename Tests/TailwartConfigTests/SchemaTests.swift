import Foundation
import TailwartConfig
import TailwartCore
import TailwartTesting
import Testing

/// The JSON Schema against the loader: it takes all that loads, and refuses what is wrong by its shape.
@Suite(.ownThreads) struct SchemaTests {
    /// Invalid files whose single values are good: what is wrong is a combination, a number behind a unit, or the file itself.
    static let combinations = [
        "admin-multicast": "which hosts an address stands for",
        "admin-strangers": "an address and the key beside it",
        "all-backups": "what several endpoints say together",
        "bind-conflicts": "addresses of several listeners",
        "bind-unusable": "which hosts an address stands for",
        "close-with-header": "what two keys of a route say together",
        "empty-variable": "what a variable holds",
        "empty-variable-in-name": "what a variable holds",
        "bans-times": "two keys together",
        "bans-webhook-anywhere": "which addresses strangers reach",
        "hello-on-server-first": "a match and the protocol of its listener",
        "loop": "an endpoint and the listeners",
        "loop-forms": "an endpoint and the listeners",
        "mailbox-ports-repeated": "several ports together",
        "mixed-ports": "several addresses together",
        "notify-many": "how many members a list has",
        "no-port": "an endpoint and its listener",
        "no-upstreams": "a name that stands elsewhere",
        "probe-loop": "an endpoint and the listeners",
        "repeated-names": "names in several places",
        "tag": "tags are not part of a value",
        "tailnet-addresses": "an endpoint and 'via'",
        "tailscale-off": "'via' and a key elsewhere",
        "too-many": "a count over several lists",
        "unreachable-route": "the order of routes",
        "unset-variables": "what variables hold",
        "warm": "an upstream and the routes to it",
        "warm-everywhere": "an upstream and the routes to it",
        "web-loop": "an endpoint and the listeners",
        "web-without-domains": "keys of two mappings",
    ]
    /// The parser of the tests takes time exponential in the depth of aliases.
    static let invalid = FixtureTests.invalid.filter { $0.name != "alias-bomb" }

    static let file = ExampleTests.root.appending(path: "tailwart.schema.json")
    static let examples = ExampleTests.examples + ExampleTests.blocks
    static let generalForms = FixtureTests.valid.compactMap { fixture -> ExampleTests.Example? in
        let configuration = try? fixture.load().configuration
        return configuration.map { .init(name: "\(fixture.testDescription), general form", text: $0.yaml) }
    }
    static let valid = FixtureTests.valid.compactMap { fixture in
        fixture.text.map { ExampleTests.Example(name: fixture.testDescription, text: $0) }
    }

    private let validator: SchemaValidator

    init() throws {
        validator = SchemaValidator(try SchemaDocument(text: Configuration.schema))
    }

    @Test func `the file at the root is the schema that the program prints`() throws {
        if ProcessInfo.processInfo.environment["TAILWART_UPDATE_FIXTURES"] == "1" {
            try Data(Configuration.schema.utf8).write(to: Self.file)
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == Configuration.schema)
    }

    @Test func `every key is in the documentation`() throws {
        let page = try String(contentsOf: ExampleTests.root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let keys = try SchemaDocument(text: Configuration.schema).propertyNames
        #expect(keys.count > 50)
        for key in keys.sorted() {
            let forms = ["`\(key)`", "`\(key).", ".\(key)`", "`{\(key): "]
            #expect(forms.contains { page.contains($0) }, "\(key)")
        }
    }

    @Test(arguments: valid + generalForms + examples) func `what loads fits the schema`(example: ExampleTests.Example)
        throws
    {
        #expect(try validator.complaint(about: example.text) == nil)
    }

    @Test(arguments: invalid) func `a wrong shape is refused`(fixture: Fixture) throws {
        let text = try #require(fixture.text)
        // What is not YAML for its parser an editor reports without the schema.
        let isRefused = (try? validator.complaint(about: text) != nil) ?? true
        #expect(isRefused == (Self.combinations[fixture.name] == nil), "\(text)")
    }

    @Test func `every listed combination is a file`() {
        #expect(Set(Self.combinations.keys).isSubset(of: Self.invalid.map(\.name)))
    }

    @Test(arguments: [5, 6, 7, 8] as [UInt64]) func `no mutant loads that the schema refuses`(seed: UInt64) throws {
        try #require(!Self.valid.isEmpty)
        var mutants = Mutants(of: Self.valid.map(\.text), seed: seed)
        var loaded = 0
        for _ in 0..<800 {
            let bytes = mutants.next()
            let result = Configuration.load(bytes: bytes, file: "f", environment: Fixture.environment)
            guard result.configuration != nil else { continue }
            loaded += 1
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(try validator.complaint(about: text) == nil, "seed \(seed):\n\(text)")
        }
        #expect(loaded > 10, "seed \(seed): too few mutants are valid for the test to mean anything")
    }

    /// The validator of the tests could be wrong in the same way as the schema.
    @Test func `another validator comes to the same answers`() throws {
        var documents = Self.valid + Self.generalForms + Self.examples
        for fixture in Self.invalid {
            guard let text = fixture.text, (try? validator.complaint(about: text)) != nil else { continue }
            documents.append(.init(name: fixture.testDescription, text: text))
        }
        let answers = try PythonValidator.complaints(about: documents.map(\.text), schema: Configuration.schema)
        try #require(answers.count == documents.count)
        for (document, answer) in zip(documents, answers) {
            let own = try validator.complaint(about: document.text)
            #expect((own == nil) == (answer == nil), "\(document.name): \(own ?? "good"), \(answer ?? "good")")
        }
    }
}

extension Fixture {
    var name: String { url.deletingPathExtension().lastPathComponent }

    /// Nil if it is not UTF-8.
    var text: String? { try? String(contentsOf: url, encoding: .utf8) }
}
