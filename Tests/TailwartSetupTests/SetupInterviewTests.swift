import TailwartSetup
import Testing

struct SetupInterviewTests {
    /// Answers in their order, and what was asked and said.
    private final class Person {
        private var lines: [String]
        private(set) var heard: [String] = []

        init(_ lines: [String]) { self.lines = lines }

        func ask(_ question: String) -> String? {
            heard.append(question)
            return lines.isEmpty ? nil : lines.removeFirst()
        }

        func say(_ text: String) { heard.append(text) }
    }

    private func interview(_ set: (inout SetupInterview) -> Void = { _ in }) -> SetupInterview {
        var interview = SetupInterview()
        set(&interview)
        return interview
    }

    private static let flags: @Sendable (inout SetupInterview) -> Void = {
        $0.domains = ["Example.ORG.", "example.com"]
        $0.mailbox = "stalwart"
        $0.tailnet = "tail1234.ts.net"
        $0.web = "no"
        $0.form = "systemd"
    }

    @Test func `flags alone are enough, with and without a terminal`() throws {
        let expected = SetupAnswers(
            domains: ["example.org", "example.com"], mailbox: .machine("stalwart", tailnet: "tail1234.ts.net"),
            web: nil,
            form: .systemd)
        #expect(try interview(Self.flags).answers(ask: nil) == expected)
        let person = Person([])
        #expect(try interview(Self.flags).answers(ask: person.ask, say: person.say) == expected)
        #expect(person.heard.isEmpty)
    }

    @Test func `without a terminal every missing flag is named at once`() {
        #expect(
            throws: SetupInterview.Problem.missing(flags: [
                "--domain", "--mailbox", "--tailnet (not needed if --mailbox is a full name or an address)",
                "--web or --no-web", "--form",
            ])
        ) {
            try interview().answers(ask: nil)
        }
        #expect(
            throws: SetupInterview.Problem.missing(flags: [
                "--tailnet (or --network other if the LAN or a VPN knows this name)"
            ])
        ) {
            try interview {
                Self.flags(&$0)
                $0.tailnet = nil
            }.answers(ask: nil)
        }
    }

    @Test(arguments: ["mail.example.net", "192.168.1.20", "fd7a:115c:a1e0::7"])
    func `a mailbox with a whole name or an address needs no tailnet's name`(mailbox: String) throws {
        let answers = try interview {
            Self.flags(&$0)
            $0.tailnet = nil
            $0.mailbox = mailbox
        }.answers(ask: nil)
        #expect(answers.mailbox == .whole(mailbox))
    }

    @Test(arguments: ["domain", "mailbox"]) func `a name in the letters of a language is to be written as DNS has it`(
        field: String
    ) {
        let interview = interview {
            Self.flags(&$0)
            if field == "domain" { $0.domains = ["münchen.de"] } else { $0.mailbox = "münchen.de" }
        }
        #expect {
            _ = try interview.answers(ask: nil)
        } throws: { "\($0)".hasPrefix("--\(field): 'münchen.de' has letters") && "\($0)".contains("xn-- form") }
    }

    @Test func `an address in brackets is the address`() throws {
        #expect(try SetupAnswer.mailbox("[fd7a:115c:a1e0::7]") == "fd7a:115c:a1e0::7")
        for text in ["[mail.example.net]", "[192.168.1.20]", "[", "[]", "[::]"] {
            #expect(throws: SetupAnswer.Rejection.self) { try SetupAnswer.mailbox(text) }
        }
    }

    @Test func `a person is asked for what the flags leave open, and may take what is usual`() throws {
        let person = Person(["example.org, example.com", "", "", "", " tail1234.ts.net ", "", "yes", ""])
        let answers = try interview().answers(ask: person.ask, say: person.say)
        #expect(
            answers
                == SetupAnswers(
                    domains: ["example.org", "example.com"], mailbox: .machine("stalwart", tailnet: "tail1234.ts.net"),
                    web: "127.0.0.1:8443", form: .compose))
        #expect(person.heard.count == 8)
        #expect(person.heard[1].hasSuffix("[mail.example.org]: "))
        #expect(person.heard[2].hasSuffix("[stalwart]: "))
        #expect(person.heard[3].hasSuffix("tailscale, headscale, other [tailscale]: "))
    }

    @Test func `a Headscale that this host has joined is what is usual, and its owner is asked for`() throws {
        let person = Person(["example.org", "mx.example.org", "", "", "alice", "tail.example.org", "", "no", "binary"])
        let answers = try interview { $0.joined = .headscale }.answers(ask: person.ask, say: person.say)
        #expect(
            answers
                == SetupAnswers(
                    domains: ["example.org"], hostname: "mx.example.org",
                    mailbox: .machine("stalwart", tailnet: "tail.example.org"), network: .headscale(owner: "alice@"),
                    web: nil, form: .binary))
        #expect(
            throws: SetupInterview.Problem.missing(flags: [
                "--headscale (this host is in a Headscale tailnet; else add --network)"
            ])
        ) {
            try interview {
                Self.flags(&$0)
                $0.joined = .headscale
            }.answers(ask: nil)
        }
    }

    @Test(arguments: [
        ("headscale", "alice@", SetupNetwork.headscale(owner: "alice@")), ("network", "other", .other),
        ("headscale", "ann@example.org", .headscale(owner: "ann@example.org")), ("network", "Tailscale", .tailscale),
    ])
    func `flags say what joins the two hosts`(flag: String, value: String, network: SetupNetwork) throws {
        let answers = try interview {
            Self.flags(&$0)
            if flag == "headscale" { $0.headscale = value } else { $0.network = value }
        }.answers(ask: nil)
        #expect(answers.network == network)
    }

    @Test func `what is in no tailnet has no policy`() throws {
        let answers = try interview {
            Self.flags(&$0)
            $0.mailbox = "192.168.1.20"
            $0.joined = .headscale
        }.answers(ask: nil)
        #expect(answers.network == .other)
    }

    @Test(arguments: [
        ("mail.lan", nil as SetupNetwork.Kind?, SetupNetwork.other),
        ("stalwart.home.arpa", SetupNetwork.Kind.tailscale, .other),
        ("mail.fritz.box", nil, .other), ("mail.example.net", nil, .tailscale), ("lan", nil, .other),
    ])
    func `a name that only a LAN has makes no tailnet`(
        mailbox: String, joined: SetupNetwork.Kind?, network: SetupNetwork
    ) throws {
        let interview = interview {
            Self.flags(&$0)
            ($0.mailbox, $0.tailnet, $0.joined) = (mailbox, nil, joined)
            if mailbox == "lan" { $0.network = "other" }
        }
        #expect(try interview.answers(ask: nil).network == network)
        // Who is asked for the mailbox is asked for this too, with the same as what is usual.
        let person = Person([mailbox, ""])
        var open = interview
        open.mailbox = nil
        #expect(try open.answers(ask: person.ask).network == network)
    }

    @Test func `Postfix and Dovecot leave 443 to the web server, so nobody is asked for it`() throws {
        let person = Person(["example.org", "", "mail.lan", "", "postfix", "systemd"])
        let answers = try interview().answers(ask: person.ask, say: person.say)
        #expect(answers.server == .postfix && answers.web == nil && answers.form == .systemd)

        let flags = interview {
            Self.flags(&$0)
            ($0.server, $0.web) = ("postfix", nil)
        }
        #expect(try flags.answers(ask: nil).web == nil)
        for web in ["yes", "127.0.0.1:8443"] {
            var flags = flags
            flags.web = web
            #expect {
                _ = try flags.answers(ask: nil)
            } throws: { "\($0)".hasPrefix("--web: Postfix and Dovecot do not serve 443") }
        }
    }

    @Test func `a Headscale may have given a name as those of a LAN`() throws {
        let answers = try interview {
            Self.flags(&$0)
            ($0.mailbox, $0.tailnet, $0.joined, $0.headscale) = ("mail.lan", nil, .headscale, "alice")
        }.answers(ask: nil)
        #expect(answers.network == .headscale(owner: "alice@"))
    }

    @Test(arguments: [("headscale", "alice"), ("network", "tailscale")])
    func `a flag that names a tailnet is not dropped where the mailbox is in none`(flag: String, value: String) {
        #expect {
            try interview {
                Self.flags(&$0)
                $0.mailbox = "192.168.1.20"
                if flag == "headscale" { $0.headscale = value } else { $0.network = value }
            }.answers(ask: nil)
        } throws: {
            "\($0)".hasPrefix("--\(flag): the mailbox's address 192.168.1.20 is not in a tailnet; ")
        }
    }

    @Test func `without a tailnet nobody has to name one`() throws {
        let answers = try interview {
            Self.flags(&$0)
            ($0.network, $0.tailnet) = ("other", nil)
        }.answers(ask: nil)
        #expect(answers.mailbox == .whole("stalwart"))
    }

    @Test(arguments: [
        ("https://controlplane.tailscale.com", SetupNetwork.Kind.tailscale),
        ("https://login.tailscale.com/", .tailscale),
        ("https://headscale.example.org:8443", .headscale), ("http://100.64.0.1:8080", .headscale), ("", nil),
    ])
    func `the control server tells the kind of tailnet`(url: String, kind: SetupNetwork.Kind?) {
        #expect(SetupNetwork.kind(controlServer: url) == kind)
    }

    @Test func `an answer that cannot be taken is asked for again, and three times at most`() throws {
        let person = Person(["*.example.org", "example.org", "", "stalwart", "", "tail1234.ts.net", "", "no", "binary"])
        #expect(try interview().answers(ask: person.ask, say: person.say).form == .binary)
        #expect(person.heard[1].contains("'*.example.org' is not a mail domain"))

        let stubborn = Person(["", "localhost", "exa mple", "example.org"])
        #expect(throws: SetupInterview.Problem.noAnswer(flag: "--domain")) {
            try interview().answers(ask: stubborn.ask, say: stubborn.say)
        }
    }

    @Test func `a person who goes away is no endless question`() {
        let person = Person(["example.org"])
        #expect(throws: SetupInterview.Problem.noAnswer(flag: "--hostname")) {
            try interview().answers(ask: person.ask, say: person.say)
        }
    }

    @Test(arguments: [
        ("domain", "example", "--domain"), ("domain", "exa_mple.o\"rg", "--domain"), ("mailbox", "a b", "--mailbox"),
        ("mailbox", "0.0.0.0", "--mailbox"), ("mailbox", "${HOME}.x", "--mailbox"),
        ("tailnet", "tail1234", "--tailnet"),
        ("hostname", "mail", "--hostname"), ("hostname", "*.example.org", "--hostname"),
        ("network", "wireguard", "--network"), ("headscale", "@", "--headscale"), ("headscale", "a\"b", "--headscale"),
        ("web", "8443", "--web"), ("web", "localhost", "--web"), ("web", "a\": {b: \"c:1", "--web"),
        ("web", "127.0.0.1:70000", "--web"),
        ("web", "${X}:1", "--web"), ("form", "docker", "--form"), ("server", "qmail", "--server"),
    ])
    func `a flag that cannot be taken is named`(field: String, value: String, flag: String) throws {
        let interview = interview {
            Self.flags(&$0)
            switch field {
            case "domain": $0.domains = [value]
            case "mailbox": $0.mailbox = value
            case "tailnet": $0.tailnet = value
            case "hostname": $0.hostname = value
            case "network": $0.network = value
            case "headscale": $0.headscale = value
            case "web": $0.web = value
            case "server": $0.server = value
            default: $0.form = value
            }
        }
        for ask in [nil, { (_: String) -> String? in "example.org" }] {
            #expect {
                _ = try interview.answers(ask: ask)
            } throws: { error in
                guard case .rejected(flag, let reason) = error as? SetupInterview.Problem else { return false }
                return reason.contains("such as") || reason.contains("none of")
                    || reason.contains("not an address of one host")
            }
        }
    }
}
