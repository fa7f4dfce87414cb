import TailwartConfig
import TailwartWire

/// Where the parts of a Traefik configuration are: in one file with what it names, or in a compose file with its labels.
struct TraefikSources {
    /// One document with routers, or the labels of one container.
    struct Dynamic {
        let root: TraefikNode
        /// The service of a compose file; nil for a file of Traefik.
        var container: String?
    }

    /// Files of one folder; nobody has more of them.
    private static let fileLimit = 100

    /// Which addresses of the host lead to a port of Traefik's container; nil: it has the host's own.
    private(set) var published: [PublishedPort]?
    private(set) var statics: [TraefikNode] = []
    private(set) var dynamics: [Dynamic] = []
    private let findings: Findings
    private let files: any IncludedFiles
    private let folder: String
    /// Where files of the host are in Traefik's container.
    private var mounts: [(host: String, container: String)]?

    init(_ text: String, file: String, _ files: any IncludedFiles, _ findings: Findings) throws(SyntaxProblem) {
        self.files = files
        self.findings = findings
        folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        let root = try Self.parse(text, file: file)
        if root["services"]?.isMapping == true, root["tcp"] == nil, root["entryPoints"] == nil {
            try readCompose(root)
        } else {
            try readFile(root)
        }
    }

    /// TOML by its name or its looks, else YAML.
    static func parse(_ text: String, file: String) throws(SyntaxProblem) -> TraefikNode {
        let first = text.split(whereSeparator: \.isNewline).lazy.map { $0.drop(while: \.isWhitespace) }
            .first { !$0.isEmpty && !$0.hasPrefix("#") }
        let isTOML =
            file.hasSuffix(".toml")
            || first.map { line in
                line.hasPrefix("[")
                    || line.prefix { $0 != "=" && $0 != ":" }.allSatisfy { $0.isLetter || $0 == "." || $0 == " " }
                        && line.contains("=") && !line.prefix { $0 != "=" }.contains(":")
            } ?? false
        return isTOML && !file.hasSuffix(".yml") && !file.hasSuffix(".yaml")
            ? try TOMLReader.read(text, file: file) : try TraefikNode.parse(yaml: text, file: file)
    }

    // MARK: - files of Traefik itself

    private mutating func readFile(_ root: TraefikNode) throws(SyntaxProblem) {
        statics.append(root)
        dynamics.append(Dynamic(root: root))
        if let own = root["tcp"], root["entryPoints"] != nil, root[["providers", "file"]] != nil {
            findings.note(
                "Traefik takes routers from the files of its provider alone, not from beside the entry points; imported as meant",
                at: own.position)
        }
        try readProviders(root)
    }

    private static let providers = WordTable(
        harmless: "docker swarm file providersthrottleduration precedence",
        left: Dictionary(
            uniqueKeysWithValues: [
                "kubernetescrd", "kubernetesingress", "kubernetesgateway", "kubernetesingressnginx", "knative", "nomad",
                "consul", "consulcatalog", "etcd", "zookeeper", "redis", "ecs", "rancher", "marathon", "http", "rest",
                "plugin",
            ].map { ($0, "its routers are not seen here; write those that pass TCP on by hand") }))

    /// The files that the file provider reads.
    private mutating func readProviders(_ root: TraefikNode) throws(SyntaxProblem) {
        for member in root["providers"]?.members ?? [] {
            Self.providers.read(member.key.lowercased(), at: member.position, findings)
        }
        if let docker = root["providers"]?["docker"] ?? root["providers"]?["swarm"], mounts == nil {
            findings.note(
                "routers in the labels of containers are not in this file; import the compose file that has them too",
                at: docker.position)
        }
        guard let file = root["providers"]?["file"] else { return }
        var paths: [String] = []
        if let path = file["directory"]?.text {
            // Folders in folders are read too.
            paths = ["*", "*/*", "*/*/*"].flatMap { names in
                ["yml", "yaml", "toml"].flatMap { files.paths(of: "\(onHost(path))/\(names).\($0)") }
            }
            if let name = file["filename"] {
                findings.note("'filename' is left out: Traefik reads the folder alone", at: name.position)
            }
        } else if let path = file["filename"]?.text {
            paths = [onHost(path)]
        }
        guard paths.count <= Self.fileLimit else {
            return findings.refuse("more than \(Self.fileLimit) files are in this folder", at: file.position)
        }
        // A file may name itself.
        for path in paths where path != root.position.file {
            guard let text = files.text(of: path) else {
                findings.refuse("the file \(path.quoted) cannot be read; import it where it is", at: file.position)
                continue
            }
            do throws(SyntaxProblem) {
                dynamics.append(Dynamic(root: try Self.parse(text, file: path)))
            } catch {
                guard text.contains("{{") else { throw error }
                throw SyntaxProblem(
                    "templates are not filled in here, and with them it cannot be read (\(error.message)); write what they come to",
                    at: error.position)
            }
        }
    }

    /// The path on this host of a file in Traefik's container, or beside Traefik's own.
    private func onHost(_ path: String) -> String {
        if mounts == nil, !path.hasPrefix("/") { return folder + path }
        let mount = mounts?.filter { path == $0.container || path.hasPrefix("\($0.container)/") }
            .max { $0.container.count < $1.container.count }
        guard let mount else { return path }
        return mount.host + path.dropFirst(mount.container.count)
    }

    // MARK: - compose

    private mutating func readCompose(_ root: TraefikNode) throws(SyntaxProblem) {
        let services = root["services"]?.members ?? []
        for service in services {
            let arguments = service.value["command"].map(Self.arguments) ?? []
            let isTraefik =
                service.value["image"]?.text.map { image in
                    image.split(separator: "/").last.map { $0.split(separator: ":")[0] == "traefik" } ?? false
                } ?? false || arguments.contains { ($0.text ?? "").lowercased().hasPrefix("--entrypoints.") }
            if isTraefik { try readTraefik(service.value, arguments) }
        }
        let exposes = statics.lazy.compactMap { $0[["providers", "docker", "exposedByDefault"]]?.flag }.first ?? true
        for service in services { readLabels(of: service, exposedByDefault: exposes) }
        if statics.isEmpty {
            findings.refuse(
                "no service here is Traefik with its entry points; import the file that has them, or add its service to this one",
                at: root.position)
        }
    }

    private static func arguments(_ command: TraefikNode) -> [TraefikNode] {
        if case .text(let text) = command.content {
            return text.split(whereSeparator: \.isWhitespace).map {
                TraefikNode(.text(String($0)), at: command.position)
            }
        }
        return command.elements
    }

    /// What Traefik's own service says: arguments, or a file that is mounted into it.
    private mutating func readTraefik(_ service: TraefikNode, _ arguments: [TraefikNode]) throws(SyntaxProblem) {
        mounts = (service["volumes"]?.elements ?? []).compactMap { volume in
            let parts = (volume.text ?? "").split(separator: ":").map(String.init)
            guard parts.count >= 2, parts[0].hasPrefix("/") || parts[0].hasPrefix(".") else { return nil }
            let host = parts[0].hasPrefix("./") ? folder + parts[0].dropFirst(2) : parts[0]
            return (host, parts[1].hasSuffix("/") ? String(parts[1].dropLast()) : parts[1])
        }
        for member in service["environment"]?.members ?? [] where member.key.uppercased().hasPrefix("TRAEFIK_") {
            findings.refuse("settings in the environment are not read; write them under 'command'", at: member.position)
        }
        for entry in service["environment"]?.elements ?? []
        where (entry.text ?? "").uppercased().hasPrefix("TRAEFIK_") && service["environment"]?.isList == true {
            findings.refuse("settings in the environment are not read; write them under 'command'", at: entry.position)
        }
        var root = TraefikNode(.mapping([]), at: service.position)
        var path: String?
        for argument in arguments {
            guard let text = written(argument), text.hasPrefix("--") else { continue }
            let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0].lowercased() == "configfile" {
                path = parts.count > 1 ? String(parts[1]) : nil
                continue
            }
            let value = TraefikNode(.text(parts.count > 1 ? String(parts[1]) : "true"), at: argument.position)
            let keys = parts[0].split(separator: ".").map(String.init)
            guard root.put(value, under: keys[...]) else {
                findings.refuse("\(text.quoted) is said twice; keep one of them", at: argument.position)
                continue
            }
        }
        if service["network_mode"]?.text != "host" { published = ports(service["ports"]) }
        let usual = ["toml", "yaml", "yml"].map { "/etc/traefik/traefik.\($0)" }
        if let found = (path.map { [$0] } ?? usual).lazy.map(onHost).first(where: { self.files.text(of: $0) != nil }),
            root["entryPoints"] == nil, let text = files.text(of: found)
        {
            try readFile(try Self.parse(text, file: found))
        } else if root["entryPoints"] != nil {
            statics.append(root)
            try readProviders(root)
        }
    }

    /// The labels of one container, as one document.
    private mutating func readLabels(of service: TraefikNode.Member, exposedByDefault: Bool) {
        var root = TraefikNode(.mapping([]), at: service.position)
        for labels in [service.value["labels"], service.value["deploy"]?["labels"]].compactMap(\.self) {
            let pairs: [(key: String, value: TraefikNode)] =
                labels.isMapping
                ? labels.members.map { ($0.key, $0.value) }
                : labels.elements.compactMap { label in
                    let parts = (label.text ?? "").split(
                        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    return parts.first.map {
                        (
                            String($0),
                            TraefikNode(.text(parts.dropFirst().first.map(String.init) ?? ""), at: label.position)
                        )
                    }
                }
            for (key, value) in pairs where key.lowercased().hasPrefix("traefik.") {
                guard let text = written(value) else { continue }
                let path = key.split(separator: ".").dropFirst().map(String.init)
                if !root.put(TraefikNode(.text(text), at: value.position), under: path[...]) {
                    findings.refuse("the label \(key.quoted) stands twice; keep one of them", at: value.position)
                }
            }
        }
        guard !root.members.isEmpty else { return }
        guard root["enable"]?.flag ?? exposedByDefault else {
            findings.note(
                "the labels of \(service.key.quoted) are left out: Traefik takes no notice of it ('traefik.enable')",
                at: root["enable"]?.position ?? service.position)
            return
        }
        dynamics.append(Dynamic(root: root, container: service.key))
    }

    /// `8025:25`, `127.0.0.1:25:25/tcp`, or a mapping with `target` and `published`; none: nothing is published.
    private func ports(_ node: TraefikNode?) -> [PublishedPort] {
        guard let node else { return [] }
        let entries = node.isList ? node.elements : []
        return entries.compactMap { entry in
            if entry.isMapping {
                guard entry["protocol"]?.text != "udp",
                    let inside = entry["target"].flatMap(written).flatMap({ UInt16($0) }),
                    let outside = entry["published"].flatMap(written)
                else { return nil }
                return PublishedPort(inside: inside, address: "\(entry["host_ip"]?.text ?? ""):\(outside)")
            }
            guard let text = written(entry), !text.hasSuffix("/udp") else { return nil }
            let plain = text.hasSuffix("/tcp") ? String(text.dropLast(4)) : text
            guard let colon = plain.lastIndex(of: ":"), let inside = UInt16(plain[plain.index(after: colon)...]) else {
                if plain.contains("-") {
                    findings.refuse("ranges of ports are not read here; write each port", at: entry.position)
                }
                return nil
            }
            let outside = String(plain[..<colon])
            return PublishedPort(inside: inside, address: outside.contains(":") ? outside : ":\(outside)")
        }
    }

    /// A text of a compose file with `$$`, `${NAME}` and `${NAME:-value}` read as compose does; nil with that refused if it cannot be.
    private func written(_ node: TraefikNode) -> String? {
        guard let text = node.text else { return nil }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest.removeFirst()
                continue
            }
            var name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            var fallback: String?
            if rest.first == "{" {
                let inside = rest.dropFirst().prefix { $0 != "}" }
                rest = rest.dropFirst(inside.count + 2)
                name = String(inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
                let behind = inside.dropFirst(name.count)
                if behind.hasPrefix(":-") {
                    fallback = String(behind.dropFirst(2))
                } else if !behind.isEmpty, !behind.hasPrefix(":?"), !behind.hasPrefix("?") {
                    name = ""
                }
            } else {
                rest = rest.dropFirst(name.count)
            }
            guard !name.isEmpty, let reference = findings.variables.refer(to: name, or: fallback) else {
                return findings.refuse(
                    "\(text.quoted): only ${NAME} and ${NAME:-value} are understood here; write the value",
                    at: node.position)
            }
            result += reference
        }
        return result + rest
    }
}

/// A port of Traefik's container that the host passes on.
struct PublishedPort {
    let inside: UInt16
    /// On the host, with an empty host for all of its addresses.
    let address: String
}
