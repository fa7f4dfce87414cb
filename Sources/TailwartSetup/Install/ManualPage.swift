package import TailwartWire

/// A page of the manual: a text of `deploy/man`, completed by what the program knows of itself, so that it cannot lack a command or a key.
package struct ManualPage: Sendable {
    /// `tailwart.1`
    package let name: String
    package let text: String

    var section: Substring { name.suffix(1) }

    /// - Parameters:
    ///   - help: what the parser of the command line says of all commands, as its JSON.
    ///   - schema: the JSON Schema of the configuration.
    ///   - date: empty if none is to be shown.
    package static func all(help: String, schema: String, version: String, date: String) throws(JSONError)
        -> [ManualPage]
    {
        let help = try JSONReader.read(Array(help.utf8).span)
        let schema = try JSONReader.read(Array(schema.utf8).span)
        func page(_ name: String, _ template: [UInt8], _ parts: [(mark: String, lines: [String])]) -> ManualPage {
            var text = String(decoding: template, as: UTF8.self)
                .replacing("@DATE@", with: date).replacing("@VERSION@", with: version)
            for (mark, lines) in parts {
                text = text.replacing(mark, with: lines.filter { !$0.isEmpty }.joined(separator: "\n"))
            }
            return ManualPage(name: name, text: text)
        }
        return [
            page("tailwart.1", PackageResources.tailwart_1_in, [("@COMMANDS@", commands(help))]),
            page(
                "tailwart.yaml.5", PackageResources.tailwart_yaml_5_in,
                [("@KEYS@", keys(schema)), ("@EXAMPLES@", examples)]),
        ]
    }

    private static var examples: [String] {
        [
            ("general.yaml", PackageResources.general_yaml), ("mail-only.yaml", PackageResources.mail_only_yaml),
            ("many-domains.yaml", PackageResources.many_domains_yaml),
            ("postfix-dovecot.yaml", PackageResources.postfix_dovecot_yaml),
            ("usual.yaml", PackageResources.usual_yaml),
        ].flatMap { name, bytes in
            [".SS " + roff(name), ".EX", roff(String(decoding: bytes, as: UTF8.self)), ".EE"]
        }
    }

    /// Text as roff source (roff(7)): no line of it is a request, and no hyphen may break.
    static func roff(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("`", with: "")
        // Without the end of the last line.
        return plain.split(separator: "\n", omittingEmptySubsequences: false).dropLast(plain.hasSuffix("\n") ? 1 : 0)
            .map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&\($0)" : String($0) }.joined(separator: "\n")
    }
}
