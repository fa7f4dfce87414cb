import TailwartSystem

/// The interfaces with a default route: by which a stranger's packets come in.
enum DefaultRoutes {
    /// - Parameters:
    ///   - v4: `/proc/net/route`: interface, destination, gateway, flags, …, mask at the eighth place.
    ///   - v6: `/proc/net/ipv6_route`: destination, prefix length, …, interface at the end.
    /// - Returns: empty if the host does not tell.
    static func interfaces(
        v4: String = SystemFile.text("/proc/net/route"), v6: String = SystemFile.text("/proc/net/ipv6_route")
    ) -> [String] {
        let fields = { (text: String) in text.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } } }
        let first = fields(v4).filter { $0.count > 7 && $0[1] == "00000000" && $0[7] == "00000000" }.map { $0[0] }
        // The kernel has an unreachable default route on lo.
        let second = fields(v6).filter {
            $0.count > 9 && $0[1] == "00" && $0[0].allSatisfy { $0 == "0" } && $0[9] != "lo"
        }.map { $0[9] }
        return Set(first + second).map(String.init).sorted()
    }
}

/// What the kernel tells in a file.
enum SystemFile {
    /// Empty if it cannot be read.
    static func text(_ path: String) -> String {
        guard case .bytes(let bytes) = FileSystem.read(path, limit: 1 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
