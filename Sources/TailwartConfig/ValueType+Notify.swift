import TailwartCore
import TailwartWire

extension ValueType<[Messenger]> {
    static var messengers: ValueType {
        let list = ValueType.list(
            of: .messenger, "a list such as [{url: https://ntfy.example.net/mail}]",
            atMost: Allowed.messengers.upperBound)
        return ValueType(name: list.name, shape: list.shape) { node, label, problems in
            guard let messengers = list.read(node, label, problems) else { return nil }
            var known: Set<Messenger.Way> = []
            for messenger in messengers where !known.insert(messenger.way).inserted {
                problems.error(
                    "\(label) names \(messenger.label) twice with the same words; keep one", at: node.position)
            }
            return messengers
        }
    }
}

extension ValueType<Messenger> {
    fileprivate static var messenger: ValueType {
        .mapping("a member of 'notify'") { reader in
            let command = reader.value(
                "command", .command,
                about: "A program and its arguments; it gets the notice as JSON on standard input.")
            let url = reader.value("url", .noticeURL, about: "Where the same JSON is posted.")
            reader.checkExactlyOne(of: "command", or: "url", example: "url: https://ntfy.example.net/mail")
            for key in ["headers_file", "trust_roots"] {
                reader.check(key, needs: "url", message: "'\(key)' goes with 'url'; leave it out for a command")
            }
            let way = command.map { Messenger.Way.command($0) } ?? url.map { .post($0) }
            // Read in any case, so that its keys are known.
            let messenger = Messenger.settings.read(&reader, into: Messenger(way ?? .command([])))
            if messenger.on.contains(.healthy), !messenger.on.contains(.unhealthy), !messenger.on.contains(.degraded) {
                reader.problems.error(
                    "'healthy' needs 'unhealthy' or 'degraded', whose end it reports; add one of them to 'on'",
                    at: reader.position(of: "on") ?? reader.position)
            }
            return way == nil ? nil : messenger
        }
    }
}

extension Messenger: SettingsMapping {
    static var settings: [Setting<Messenger>] {
        [
            Setting(
                "headers_file", \.headersFile, .path,
                about:
                    "A file with more request headers, one per line, such as a token; not world-readable."
            ),
            Setting(
                "trust_roots", \.trustRoots, .path,
                about:
                    "A PEM file with the certificate authorities trusted for this server, instead of the system's."
            ),
            Setting(
                "on", \.on,
                ValueType.list(of: .word(), "a list such as [unhealthy, healthy]").map(\.withoutRepeats),
                { .texts($0.map(\.rawValue)) }, about: "What to notify about, by default everything."),
            Setting(
                "after", \.after, .duration(Allowed.noticeAfter), about: "How long a problem must last first."),
        ]
    }

    var output: YAMLOutput {
        let way =
            switch way {
            case .command(let words): YAMLMember("command", .texts(words))
            case .post(let url): YAMLMember("url", .text(url.text))
            }
        return .mapping([way] + Self.settings.write(self, unlike: Messenger(self.way)))
    }
}

extension ValueType<[String]> {
    /// A program by its absolute path, and its arguments.
    fileprivate static var command: ValueType {
        let word = ValueType<String>.scalar(
            "a text",
            .text(
                TextShape(
                    name: "command_word", pattern: Pattern.anything, length: Allowed.commandWordBytes,
                    mayLookOtherwise: true))
        ) { text throws(Complaint) in
            guard Allowed.commandWordBytes.contains(text.utf8.count) else { throw Complaint("it is too long") }
            guard !text.utf8.contains(0) else { throw Complaint("it contains a zero byte") }
            return text
        }
        let list = ValueType.list(
            of: word, "a list such as [/usr/local/bin/tell-me]", atMost: Allowed.commandWords.upperBound, "words")
        return ValueType(name: list.name, shape: list.shape) { node, label, problems in
            guard let words = list.read(node, label, problems) else { return nil }
            guard let program = words.first else { return nil }
            guard program.hasPrefix("/") else {
                problems.error(
                    "\(label) begins with \(program.quoted); write the absolute path of the program", at: node.position
                )
                return nil
            }
            return words
        }
    }
}

extension ValueType<NoticeURL> {
    fileprivate static var noticeURL: ValueType { url(such: "https://ntfy.example.net/mail") }

    /// What is wrong with one is said without it, since it may be a secret.
    static func url(such example: String) -> ValueType {
        let shape = TextShape(name: "notice_url", pattern: "https?://[!-~]+", length: Allowed.urlBytes)
        let any = ValueType.scalar("a URL such as \(example)", .text(shape), NoticeURL.parse)
        return ValueType(name: any.name, shape: any.shape) { node, label, problems in
            guard case .text(let text) = node.content else { return any.read(node, label, problems) }
            do throws(Complaint) {
                return try NoticeURL.parse(text)
            } catch {
                let hint = error.hint.map { "; \($0)" } ?? ""
                problems.error("\(label) must be \(any.name)\(hint)", at: node.position)
                return nil
            }
        }
    }
}

extension NoticeURL {
    fileprivate static func parse(_ text: String) throws(Complaint) -> NoticeURL {
        guard Allowed.urlBytes.contains(text.utf8.count) else {
            throw Complaint("it must have at most \(Allowed.urlBytes.upperBound) bytes")
        }
        let schemes = [("https://", true), ("http://", false)]
        guard let (scheme, isEncrypted) = schemes.first(where: { text.hasPrefix($0.0) }) else {
            throw Complaint("it begins with https://")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            throw Complaint("percent-encode characters that a URL cannot contain, such as %20")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw Complaint("put a user name and a password into 'headers_file', as an Authorization header")
        }
        let (host, portText) = try HostAndPort.split(String(authority))
        let port = try portText.map { text throws(Complaint) in try HostAndPort.port(text) }
        guard IPAddress(host) != nil || ServerNamePattern(String(host)).map({ !$0.isWildcard }) ?? false else {
            throw Complaint(Hint.hostName(String(host)))
        }
        let target = rest.dropFirst(authority.count).prefix { $0 != "#" }
        let url = NoticeURL(
            isEncrypted: isEncrypted, host: IPAddress(host).map { "\($0)" } ?? host.lowercased(),
            port: port ?? (isEncrypted ? 443 : 80), target: target.hasPrefix("/") ? String(target) : "/\(target)")
        guard !url.isForStrangers else {
            throw Complaint(
                "strangers could read it on the way; write https://, which is not needed on this host, in the tailnet and in a "
                    + "private network alone")
        }
        return url
    }
}
