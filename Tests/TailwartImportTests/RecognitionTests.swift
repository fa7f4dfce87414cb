import Foundation
import TailwartImport
import Testing

@Suite struct RecognitionTests {
    @Test(arguments: [
        "mailbox: {address: mail.example.net}\n", "listeners:\n  - name: smtp\n", "upstreams:\n",
        "defaults:\n  timeouts: {}\n",
        "{\"mailbox\": {\"address\": \"mail.example.net\"}}", "{mailbox: {address: a}}", "", "\n\n",
        "# frontend a\nmailbox:\n",
        "hello", "global: 1\n", "stream: 1\n", "log: {format: json}\nmailbox:\n",
    ])
    func `ours and other things are not taken for a foreign file`(text: String) {
        #expect(ForeignConfiguration.recognise(text: text) == nil)
        #expect(ForeignConfiguration.advice(text: text, file: "x") == nil)
    }

    @Test(arguments: [
        ("{\"apps\": {}}", ForeignConfiguration.Kind.caddy), ("\u{FEFF}\n{ \"admin\": {}, \"apps\": {} }", .caddy),
        ("{\n\tlayer4 {\n\t\t:25 {\n", .caddyfile), ("user www-data;\n", .nginx), ("stream {\n", .nginx),
        ("stream\n{\n", .nginx), ("# a comment\n\nupstream mail {\n", .nginx), ("global\n  daemon\n", .haproxy),
        ("frontend smtp\n", .haproxy), ("\tlisten smtp # mail\n", .haproxy), ("defaults\n", .haproxy),
    ])
    func `a foreign file is known by its first words`(text: String, kind: ForeignConfiguration.Kind) {
        #expect(ForeignConfiguration.recognise(text: text) == kind)
    }

    @Test func `what to do is said with the file's name`() throws {
        let caddy = try #require(ForeignConfiguration.advice(text: "{\"apps\": {}}", file: "/etc/caddy.json"))
        #expect(caddy.contains("tailwart import /etc/caddy.json > tailwart.yaml"))
        let caddyfile = try #require(ForeignConfiguration.advice(text: "{\n layer4 {\n", file: "Caddyfile"))
        #expect(caddyfile.contains("caddy adapt --config Caddyfile"))
    }

    @Test func `our own examples are not taken for a foreign file`() throws {
        let folder = Fixture.folder.appending(path: "../../../examples").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
        #expect(!files.isEmpty)
        for file in files {
            #expect(
                ForeignConfiguration.recognise(text: try String(contentsOf: file, encoding: .utf8)) == nil, "\(file)")
        }
    }
}
