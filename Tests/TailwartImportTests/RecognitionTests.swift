import Foundation
import TailwartImport
import TailwartTesting
import Testing

@Suite(.ownThreads) struct RecognitionTests {
    @Test(arguments: [
        "mailbox: {address: mail.example.net}\n", "listeners:\n  - name: smtp\n", "upstreams:\n",
        "defaults:\n  timeouts: {}\n",
        "{\"mailbox\": {\"address\": \"mail.example.net\"}}", "{mailbox: {address: a}}", "", "\n\n",
        "# frontend a\nmailbox:\n",
        "hello", "log: {a: b}; stream { server {\n", "- stream {\n", "global: 1\n", "stream: 1\n",
        "log: {format: json}\nmailbox:\n",
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
        ("stream { server { listen 25; proxy_pass a:25; } }", .nginx), ("stream{server{listen 25;}}", .nginx),
        ("events {} stream { server { listen 25; proxy_pass a:25; } }", .nginx),
        ("daemon off; events { worker_connections 512; } stream {", .nginx),
        ("server { listen 25; proxy_pass a:25; }", .nginx), ("events {}\nhttp { server { listen 80; } }\n", .nginx),
        ("map $a $b { default a:25; }", .nginx),
    ])
    func `a foreign file is known by its first words`(text: String, kind: ForeignConfiguration.Kind) {
        #expect(ForeignConfiguration.recognise(text: text) == kind)
    }

    @Test func `what to do is said with the file's name`() throws {
        let caddy = try #require(ForeignConfiguration.advice(text: "{\"apps\": {}}", file: "/etc/caddy.json"))
        #expect(caddy.contains("tailwart import /etc/caddy.json > tailwart.yaml"))
        let caddyfile = try #require(ForeignConfiguration.advice(text: "{\n layer4 {\n", file: "Caddyfile"))
        #expect(caddyfile.contains("tailwart import Caddyfile > tailwart.yaml"))
    }

    @Test(arguments: [
        ("", "is empty"), ("\u{FEFF}\n \n", "is empty"), ("mailbox: {address: mail.example.net}\n", "already."),
        ("# mine\nlisteners:\n  - {nane: smtp}\n", "already."),
        ("{mailbox: {address: a.example.net}}", "already."),
        ("Remember the milk.\n", "--from"), ("  mailbox: 1\n", "--from"),
    ])
    func `what is not recognised is refused with the reason`(text: String, words: String) {
        #expect(ForeignConfiguration.recognise(text: text) == nil)
        let refusal = ForeignConfiguration.refusal(text: text, file: "x")
        #expect(refusal.hasPrefix("x: ") && refusal.contains(words), "\(refusal)")
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
