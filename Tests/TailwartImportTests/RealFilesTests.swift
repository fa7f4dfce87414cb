import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartImport

/// Constructs that most real files have, with the files beside them.
@Suite struct RealFilesTests {
    /// Files that exist in the test alone.
    private struct Files: IncludedFiles {
        static let texts = [
            "/etc/haproxy/names.map": """
            # name backend
            mail.example.org mail
            WWW.example.org  web
            imap.example.org mail

            old.example.org  nowhere
            """,
            "/etc/haproxy/names.lst": "mail.example.org\n# more\nimap.example.org\n",
            "/etc/haproxy/office.lst": "192.0.2.0/24\n198.51.100.7\n",
        ]

        func paths(of pattern: String) -> [String] { [pattern] }
        func text(of path: String) -> String? { Self.texts[path] }
    }

    /// What an import comes to.
    enum Outcome: Sendable {
        /// Parts of our file, and of the notes.
        case writes([String], notes: [String] = [])
        case refused(String)
    }

    private static func haproxy(_ lines: String, backend: String = "", port: Int = 443) -> String {
        """
        defaults
          mode tcp
        frontend f
          bind :::\(port)
          tcp-request inspect-delay 5s
          \(lines)
        backend mail
          server m 10.0.0.2:\(port) \(backend)
        backend web
          server w 10.0.0.3:\(port)
        """
    }

    private static func servers(_ lines: String, header: String = "") -> String {
        "listen a\nbind :::25\nserver m 10.0.0.2:25 \(header)\nserver n 10.0.0.3:25 \(header)\n\(lines)\n"
    }

    private static func nginx(_ lines: String) -> String {
        "stream { map $ssl_preread_server_name $b { \(lines) } server { listen 443; ssl_preread on; proxy_pass $b; } }"
    }

    private static let toMail = "match: {sni: [mail.example.org, imap.example.org]}\n        to: mail"

    @Test(arguments: [
        (
            "a map of names", ForeignConfiguration.Kind.haproxy,
            haproxy("use_backend %[req.ssl_sni,lower,map(/etc/haproxy/names.map)]\ndefault_backend web"),
            Outcome.writes(
                [toMail, "match: {sni: [www.example.org]}\n        to: web"], notes: ["no backend 'nowhere'"])
        ),
        (
            "a map with its default", .haproxy,
            haproxy("use_backend %[req_ssl_sni,map_str(/etc/haproxy/names.map,web)]\ndefault_backend web"),
            .writes([toMail])
        ),
        (
            "a map whose default is not everybody's", .haproxy,
            haproxy("use_backend %[req.ssl_sni,lower,map(/etc/haproxy/names.map,web)]"),
            .refused("write 'default_backend web'")
        ),
        (
            "a map that is looked up otherwise", .haproxy,
            haproxy("use_backend %[req.ssl_sni,lower,map_reg(/etc/haproxy/names.map)]"),
            .refused("a client cannot choose")
        ),
        (
            "a map of another sample", .haproxy,
            haproxy("use_backend %[src,map(/etc/haproxy/names.map)]"), .refused("a client cannot choose")
        ),
        (
            "a map that is not there", .haproxy, haproxy("use_backend %[req.ssl_sni,map(/nowhere)]"),
            .refused("'/nowhere' cannot be read")
        ),
        (
            "names that a map has", .haproxy,
            haproxy(
                "tcp-request content reject if !{ req.ssl_sni,lower,map(/etc/haproxy/names.map) -m found }\n"
                    + "default_backend mail"),
            .writes(["match: {not: {sni: [mail.example.org, www.example.org, imap.example.org, old.example.org]}}"])
        ),
        (
            "names with one value", .haproxy,
            haproxy("use_backend web if { req.ssl_sni,map(/etc/haproxy/names.map) mail }\ndefault_backend mail"),
            .writes(["match: {sni: [mail.example.org, imap.example.org]}\n        to: web"])
        ),
        (
            "a list of names", .haproxy,
            haproxy("use_backend mail if { req.ssl_sni -i -f /etc/haproxy/names.lst }\ndefault_backend web"),
            .writes([toMail])
        ),
        (
            "a list of networks", .haproxy,
            haproxy(
                "tcp-request connection reject unless { src -f /etc/haproxy/office.lst }\ndefault_backend mail",
                port: 25),
            .writes(["not: {client: [192.0.2.0/24, 198.51.100.7]}"])
        ),
        (
            "a list that is not there", .haproxy,
            haproxy("tcp-request connection reject if { src -f /nowhere }\ndefault_backend mail", port: 25),
            .refused("'/nowhere' cannot be read")
        ),
        (
            "an expression that is a list", .haproxy,
            haproxy(
                "use_backend mail if { req.ssl_sni -m reg ^(mail|imap)\\\\.example\\\\.org$ }\ndefault_backend web"),
            .writes([toMail])
        ),
        (
            "an expression that is none", .haproxy,
            haproxy("use_backend mail if { req.ssl_sni -m reg ^mail }\ndefault_backend web"),
            .refused("too many to list")
        ),
        (
            "a table of clients", .haproxy,
            servers("stick-table type ip size 200k expire 30m peers others\nstick on src"),
            .writes(["policy: client_hash"], notes: ["remembers nothing"])
        ),
        (
            "a table of names", .haproxy,
            servers("stick-table type string size 200k\nstick on req.ssl_sni"), .refused("'stick'")
        ),
        (
            "a table that counts", .haproxy,
            servers("stick-table type ip size 200k store conn_cur\nstick on src"), .refused("'stick-table'")
        ),
        (
            "the client's address and its header", .haproxy,
            servers("source 0.0.0.0 usesrc clientip", header: "send-proxy-v2"),
            .writes(["10.0.0.2"], notes: ["the PROXY header alone says who"])
        ),
        (
            "the client's address of one server", .haproxy,
            haproxy("default_backend mail", backend: "source 0.0.0.0 usesrc clientip send-proxy", port: 25),
            .writes(["10.0.0.2"], notes: ["the PROXY header alone says who"])
        ),
        (
            "the client's address without a header", .haproxy, servers("source 0.0.0.0 usesrc clientip"),
            .refused("'usesrc'")
        ),
        (
            "an address of its own", .haproxy, servers("source 192.0.2.1 usesrc clientip", header: "send-proxy"),
            .refused("'source'")
        ),
        (
            "conditions around what is left out", .haproxy,
            """
            global
              .if feature(OPENSSL)
              ssl-default-bind-options no-sslv3
              .else
              .notice "none"
              .endif
            .if defined(WEB)
            frontend web
              mode http
              bind :80
            .endif
            listen a
              bind :::25
              server m 10.0.0.2:25
            """, .writes(["ports: [25]"])
        ),
        (
            "conditions around a line", .haproxy,
            "listen a\nbind :::25\n.if defined(X)\ntcp-request connection reject\n.endif\nserver m 10.0.0.2:25\n",
            .refused("conditional blocks are not followed")
        ),
        (
            "conditions around a mode", .haproxy,
            "listen a\nbind :::25\n.if defined(X)\nmode http\n.endif\nserver m 10.0.0.2:25\n",
            .refused("conditional blocks are not followed")
        ),
        (
            "conditions around a backend", .haproxy,
            "frontend a\nbind :::25\ndefault_backend b\n.if defined(X)\nbackend b\nserver m 10.0.0.2:25\n.endif\n",
            .refused("conditional blocks are not followed")
        ),
        (
            "a port of several", .haproxy,
            "frontend a\nbind :::25\nbind :::587,:::993\nuse_backend web if { dst_port 993 }\ndefault_backend mail\n"
                + "backend mail\nserver m 10.0.0.2\nbackend web\nserver w 10.0.0.3\n",
            .writes(["bind: [\":25\"]", "bind: [\":587\"]", "bind: [\":993\"]\n    to: web"])
        ),
        (
            "a range of ports closed to some", .haproxy,
            "frontend a\nbind :::25\nbind :::143\nacl inner dst_port 100:200\n"
                + "tcp-request connection reject if inner !{ src 10.0.0.0/8 }\ndefault_backend mail\n"
                + "backend mail\nserver m 10.0.0.2\n",
            .writes(["bind: [\":143\"]\n    routes:\n      - match: {not: {client: [10.0.0.0/8]}}\n        to: close"])
        ),
        (
            "another comparison of ports", .haproxy,
            "frontend a\nbind :::25\nuse_backend mail if { dst_port gt 24 }\nbackend mail\nserver m 10.0.0.2\n",
            .refused("'dst_port gt'")
        ),
        (
            "expressions that are lists", .nginx,
            nginx(#"~^(mail|imap)\.example\.org$ 10.0.0.2:443; mail.example.org 10.0.0.3:443; default 10.0.0.4:443;"#),
            .writes([
                "match: {sni: [mail.example.org]}\n        to: upstream\n",
                "match: {sni: [mail.example.org, imap.example.org]}",
            ])
        ),
        (
            "an expression for some part of a name", .nginx, nginx(#"~mail\. 10.0.0.2:443;"#),
            .refused("only names are matched here")
        ),
        (
            "a name of the only server", .nginx,
            "stream { server { listen 993; server_name mail.example.org; proxy_pass 10.0.0.2:993; } }",
            .writes(["ports: [993]"], notes: ["'server_name' is left out"])
        ),
        (
            "names of two servers on one address", .nginx,
            "stream { server { listen 993; server_name a.example.org; proxy_pass 10.0.0.2:993; } "
                + "server { listen 993; server_name b.example.org; proxy_pass 10.0.0.3:993; } }",
            .refused("is listened on in")
        ),
    ])
    func `it is imported as it is, or refused`(
        name: String, kind: ForeignConfiguration.Kind, text: String, outcome: Outcome
    ) {
        let result = Importer(file: "x", kind: kind, files: Files()).run(text)
        let said = Comment(rawValue: "\(name): \(result.messages)\n\(result.yaml ?? "")")
        switch outcome {
        case .writes(let words, let notes):
            #expect(result.isWhole, said)
            #expect(words.allSatisfy { result.yaml?.contains($0) == true }, said)
            #expect(notes.allSatisfy { note in result.messages.contains { $0.contains(note) } }, said)
        case .refused(let words):
            #expect(!result.isWhole, said)
            #expect(result.findings.contains { $0.severity == .refused && $0.message.contains(words) }, said)
        }
    }

    @Test(
        arguments: [
            ("^mail\\.example\\.org$", ["mail.example.org"]), ("^(?:a|b)\\.c$", ["a.c", "b.c"]),
            ("^imaps?\\.c$", ["imaps.c", "imap.c"]), ("^mx[12]\\.c$", ["mx1.c", "mx2.c"]),
            ("^(www\\.)?a\\.c$", ["www.a.c", "a.c"]), ("^((a|b)x|c)\\.d$", ["ax.d", "bx.d", "c.d"]),
            ("mail\\.c$", nil), ("^mail\\.c", nil), ("^mail.c$", nil), ("^.*\\.c$", nil), ("^a+\\.c$", nil),
            ("^a|b$", nil), ("^[a-z]\\.c$", nil), ("^[^a]\\.c$", nil), ("^(a$", nil), ("^a)$", nil), ("^\\w\\.c$", nil),
            ("^a{2}\\.c$", nil), ("^a\\$", nil), ("^(?i)a$", nil), ("^a??$", nil), ("^[ab$", nil),
            ("^[0123456789][0123456789][0123456789]\\.c$", nil), ("^$", [""]),
        ] as [(String, [String]?)])
    func `an expression is a list, or none`(expression: String, texts: [String]?) {
        #expect(FiniteExpression.texts(expression) == texts)
    }
}
