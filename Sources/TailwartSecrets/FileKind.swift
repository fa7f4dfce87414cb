import TailwartWire

/// How a file is read, by its name.
enum FileKind: Equatable {
    /// `.env` and its like: not to be committed at all.
    case environment
    /// `.env.example`: the same keys without values.
    case example
    case json
    /// YAML, compose files, INI, TOML, Dockerfiles, units: keys with values.
    case settings
    /// Programs and prose. Only what gives itself away is looked for.
    case other

    private static let exampleEndings = ["example", "sample", "template", "dist", "defaults"]
    private static let jsonEndings: Set<String> = ["json", "jsonc", "hujson", "json5"]
    private static let settingsEndings: Set<String> = [
        "yaml", "yml", "toml", "ini", "conf", "cfg", "cnf", "properties", "envrc", "service", "container", "network",
    ]

    init(path: String) {
        let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let ending = parts.count > 1 ? parts[parts.count - 1] : ""
        // `.env`, `.env.prod`, `prod.env`; the first part of `.env` is empty.
        if ending == "env" || (parts.count > 2 && parts[0].isEmpty && parts[1] == "env") {
            let isExample = parts.contains { Self.exampleEndings.contains($0) }
            self = isExample ? .example : .environment
        } else if Self.jsonEndings.contains(ending) {
            self = .json
        } else if Self.settingsEndings.contains(ending) || name.hasPrefix("dockerfile")
            || name.hasPrefix("containerfile")
        {
            self = .settings
        } else {
            self = .other
        }
    }

    var hasKeys: Bool { self != .other }
}
