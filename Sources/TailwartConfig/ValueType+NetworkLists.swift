import TailwartCore
import TailwartWire

extension ValueType<[NetworkList]> {
    /// `bans.lists`.
    static var networkLists: ValueType {
        let list = ValueType.list(
            of: .networkList, "a list such as [{file: /etc/tailwart/deny.txt}]", atMost: Allowed.lists.upperBound)
        return ValueType(name: list.name, shape: list.shape) { node, label, problems in
            guard let lists = list.read(node, label, problems) else { return nil }
            var known: Set<NetworkList.Source> = []
            for list in lists where !known.insert(list.source).inserted {
                problems.error("\(label) has the same \(list.label) twice; keep one", at: node.position)
            }
            return lists
        }
    }
}

extension ValueType<NetworkList> {
    fileprivate static var networkList: ValueType {
        .mapping("a member of 'lists'") { reader in
            let sources = ["file", "url", "networks"]
            let file = reader.value(
                "file", .path, about: "A file with a network a line; it is read anew when it changes.")
            let url = reader.value(
                "url", ValueType<NoticeURL>.url(such: "https://www.spamhaus.org/drop/drop.txt"),
                about: "Where such a file is fetched from.")
            let networks = reader.value("networks", .listedNetworks, about: "The networks themselves.")
            let found = sources.compactMap(reader.keyPosition(of:))
            if found.count > 1 {
                reader.problems.error("keep one of \(sources.listed)", at: found[1])
            }
            reader.checkAtLeastOne(
                of: sources,
                message: "a member of 'lists' needs \(sources.listed), for instance 'file: /etc/tailwart/deny.txt'")
            reader.check("every", needs: "url", message: "'every' is for 'url'; a file is read whenever it changes")
            let source: NetworkList.Source? =
                file.map { .file($0) } ?? url.map { .url($0) } ?? networks.map { .networks($0) }
            // Read in any case, so that its keys are known.
            let list = NetworkList.settings.read(&reader, into: NetworkList(source ?? .networks([])))
            return source == nil ? nil : list
        }
    }
}

extension NetworkList: SettingsMapping {
    static var settings: [Setting<NetworkList>] {
        [
            Setting("allow", \.allows, .boolean, about: "Whether these networks are exceptions from other lists."),
            Setting("every", \.every, .duration(Allowed.listEvery), about: "How often 'url' is fetched."),
        ]
    }

    var output: YAMLOutput {
        let source =
            switch source {
            case .file(let path): YAMLMember("file", .text(path))
            case .url(let url): YAMLMember("url", .text(url.text))
            case .networks(let networks): YAMLMember("networks", .texts(networks.map { "\($0)" }))
            }
        return .mapping([source] + Self.settings.write(self, unlike: NetworkList(self.source)))
    }
}

extension ValueType<[Network]> {
    fileprivate static var listedNetworks: ValueType {
        .list(
            of: .network, "a list of networks such as [192.0.2.0/24]", atMost: Allowed.listedNetworks.upperBound,
            "networks", fix: "write them into a file")
    }
}
