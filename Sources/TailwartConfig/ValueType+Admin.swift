import TailwartCore
import TailwartWire

extension ValueType<AdminSettings> {
    static var admin: ValueType {
        .mapping("'admin'") { reader in
            let settings = AdminSettings.settings.read(&reader, into: AdminSettings())
            if !settings.isPublic, let position = reader.position(of: "listen") {
                for address in settings.listen where address.isForStrangers {
                    reader.problems.error(
                        "'\(address)' is a public address; choose one of this host alone, of the tailnet or of a private "
                            + "network, or add 'public: true'", at: position)
                }
            }
            return settings
        }
    }
}

extension AdminSettings: SettingsMapping {
    static var settings: [Setting<AdminSettings>] {
        [
            Setting(
                "socket", \.socket, .adminSocket, { .text($0.text) },
                about: "The Unix socket where the running edge is queried and controlled, or off."),
            Setting(
                "listen", \.listen, .adminAddresses, { .list($0.map { .text("\($0)") }) },
                about: "Addresses where it can be queried over TCP, or tailnet:PORT; by default none."),
            Setting(
                "public", \.isPublic, .boolean,
                about: "Whether 'listen' may have a public address."),
        ]
    }

    /// With what is not the default.
    var output: YAMLOutput { .mapping(Self.settings.write(self, unlike: AdminSettings())) }
}

extension AdminSettings.Socket {
    fileprivate var text: String {
        switch self {
        case .off: "off"
        case .path(let path): path
        }
    }
}

extension ValueType<AdminSettings.Socket> {
    fileprivate static var adminSocket: ValueType {
        let path = ValueType<String>.unixPath
        return ValueType(name: "\(path.name), or off", shape: .either(.words(["off"]), path.shape)) {
            node, label, problems in
            if case .text("off") = node.content { return .off }
            return path.read(node, label, problems).map { .path($0) }
        }
    }
}

extension ValueType<[InnerAddress]> {
    /// One address, or a list of them.
    fileprivate static var adminAddresses: ValueType {
        let one = ValueType<InnerAddress>.innerAddress(butNotForStrangers: false)
        let list = ValueType.list(
            of: one, "a list of addresses such as [\"127.0.0.1:9025\"]", atMost: Allowed.adminAddresses.upperBound,
            "addresses")
        return ValueType(name: one.name, shape: .either(one.shape, list.shape)) { node, label, problems in
            guard case .list = node.content else { return one.read(node, label, problems).map { [$0] } }
            return list.read(node, label, problems)
        }
    }
}
