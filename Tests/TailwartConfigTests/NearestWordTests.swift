import TailwartCore
import Testing

@testable import TailwartConfig

struct NearestWordTests {
    private let words = ["mailbox", "listeners", "upstreams", "warning", "sni", "to", "v1", "v2"]

    @Test(arguments: [
        ("listners", "listeners"), ("Mailbox", "mailbox"), ("mialbox", "mailbox"), ("upstream", "upstreams"),
        ("warn", "warning"), ("snl", "sni"),
    ]) func `a slip is near its word`(slip: String, word: String) {
        #expect(NearestWord.find(slip, among: words) == word)
    }

    /// Under `mailbox`, in a route, in an endpoint of an upstream, in a match, at the top.
    @Test(arguments: [
        ("host", ["address", "hostname", "ports"], "address"), ("server", ["address", "hostname"], "address"),
        ("Target", ["address", "hostname"], "address"), ("upstream", ["address", "hostname"], "address"),
        ("hostnam", ["address", "hostname"], "hostname"), ("fqdn", ["address", "hostname"], "hostname"),
        ("upstream", ["match", "to"], "to"), ("host", ["address", "weight", "backup"], "address"),
        ("server_name", ["sni", "alpn", "client", "not"], "sni"), ("upstream", ["mailbox", "upstreams"], "upstreams"),
        ("server", ["mailbox", "upstreams"], "mailbox"),
    ]) func `a word that other programs have leads to our key`(word: String, keys: [String], key: String) {
        #expect(NearestWord.key(word, among: keys) == key)
    }

    @Test(arguments: ["", "quux", "x", "v3", "xyz", String(repeating: "mailbox", count: 20)])
    func `other words are near none`(word: String) {
        #expect(NearestWord.find(word, among: words) == nil)
    }

    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("abc", "abd", 1), ("abc", "acb", 1), ("abc", "ab", 1),
        ("kitten", "sitting", 3),
    ]) func `distance counts changes`(first: String, second: String, distance: Int) {
        #expect(NearestWord.distance(Array(first.unicodeScalars), Array(second.unicodeScalars)) == distance)
        #expect(NearestWord.distance(Array(second.unicodeScalars), Array(first.unicodeScalars)) == distance)
    }
}
