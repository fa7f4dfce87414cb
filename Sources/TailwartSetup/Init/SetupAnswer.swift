import TailwartConfig
import TailwartCore
import TailwartWire

/// Readers of single answers, for flags and for what is typed alike. Each throws a sentence that says what would be taken.
package enum SetupAnswer {
    package struct Rejection: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package static func domain(_ text: String) throws(Rejection) -> String {
        guard let name = ServerNamePattern(text), !name.isWildcard, name.name.contains(".") else {
            if let rejection = unlessASCII(text) { throw rejection }
            throw Rejection(
                description: "'\(text)' is not a mail domain; write what follows the @, such as example.org")
        }
        return name.name
    }

    /// For a name in the letters of a language (RFC 5890), which DNS has in another form.
    private static func unlessASCII(_ text: String) -> Rejection? {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return Rejection(
            description: "'\(text)' has letters that DNS does not have; write it in its xn-- form, "
                + "such as xn--mnchen-3ya.de for münchen.de")
    }

    /// One or more, between spaces or commas.
    package static func domains(_ text: String) throws(Rejection) -> [String] {
        var domains: [String] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "\t" }) {
            domains.append(try domain(String(word)))
        }
        guard !domains.isEmpty else {
            throw Rejection(description: "name at least one mail domain, such as example.org")
        }
        return domains.withoutRepeats
    }

    /// The mail server's public name.
    package static func hostname(_ text: String) throws(Rejection) -> String {
        guard let name = ServerNamePattern(text), !name.isWildcard, name.name.contains("."), !name.name.contains("_")
        else {
            if let rejection = unlessASCII(text) { throw rejection }
            throw Rejection(
                description:
                    "'\(text)' is not a full host name; write it as in the DNS, such as mail.example.org")
        }
        return name.name
    }

    package static func network(_ text: String) throws(Rejection) -> SetupNetwork.Kind { try word(text) }

    /// A user of Headscale as its policy names one: `alice` and `alice@` are the same, a mail address is an identity provider's.
    package static func owner(_ text: String) throws(Rejection) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@")
        guard !text.isEmpty, !text.hasPrefix("@"), text.filter({ $0 == "@" }).count < 2,
            text.allSatisfy(allowed.contains)
        else {
            throw Rejection(
                description: "'\(text)' is not a user of Headscale; `headscale users list` shows them, such as alice")
        }
        return text.contains("@") ? text : "\(text)@"
    }

    /// A machine name, a whole name or an address; an IPv6 one also in brackets, as URLs have it.
    package static func mailbox(_ text: String) throws(Rejection) -> String {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let place = isBracketed && text.contains(":") ? String(text.dropFirst().dropLast()) : text
        if let address = IPAddress(place) {
            guard address.isUnicast else {
                throw Rejection(description: "\(address) is not an address of one host; name the mailbox's")
            }
            return "\(address)"
        }
        guard let name = ServerNamePattern(text), !name.isWildcard else {
            if let rejection = unlessASCII(text) { throw rejection }
            throw Rejection(
                description:
                    "'\(text)' is not a host; write its name on the tailnet, such as \(SetupAnswers.usualMachine), or an address"
            )
        }
        return name.name
    }

    /// Whether a mailbox is complete only with the tailnet's name behind it.
    package static func needsTailnet(_ mailbox: String) -> Bool { IPAddress(mailbox) == nil && !mailbox.contains(".") }

    package static func tailnet(_ text: String) throws(Rejection) -> String {
        guard let name = ServerNamePattern(text), !name.isWildcard, name.name.contains(".") else {
            throw Rejection(
                description:
                    "'\(text)' is not a tailnet's name; `tailscale status` shows it after each host's name, such as tail1234.ts.net"
            )
        }
        return name.name
    }

    /// `yes`, `no`, or an address with a port.
    package static func web(_ text: String) throws(Rejection) -> String? {
        switch text.lowercased() {
        case "no", "n", "none": return nil
        case "yes", "y": return SetupAnswers.usualWeb
        default: break
        }
        // The reader of the configuration is the judge, so that the two cannot differ.
        let probe = "mailbox: {address: mail.example.net, domains: [example.org]}\nweb: \"\(text)\"\n"
        let isPlain = text.utf8.allSatisfy {
            (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        let web =
            isPlain
            ? Configuration.load(text: probe, file: "", environment: [:]).configuration?.upstreams.first {
                $0.name == "web"
            }
            : nil
        guard let endpoint = web?.endpoints.first, !text.contains("$"), endpoint.hasPlace else {
            throw Rejection(
                description:
                    "'\(text)' is not the address of a web server; write address and port, such as \(SetupAnswers.usualWeb), or no"
            )
        }
        return endpoint.text
    }

    package static func server(_ text: String) throws(Rejection) -> SetupAnswers.Server { try word(text) }

    package static func form(_ text: String) throws(Rejection) -> SetupAnswers.Form { try word(text) }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws(Rejection) -> Word {
        guard let word = Word(rawValue: text.lowercased()) else {
            throw Rejection(
                description: "'\(text)' is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }
}

extension Endpoint {
    /// Whether it names the port that the edge itself does not have.
    fileprivate var hasPlace: Bool {
        if case .unix = host { true } else { port != nil }
    }
}
