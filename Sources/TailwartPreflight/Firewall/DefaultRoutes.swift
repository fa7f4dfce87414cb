import Glibc
import TailwartWire

/// The interfaces with a default route: by which a stranger's packets come in.
enum DefaultRoutes {
    /// Of this host; empty if it does not tell.
    static func interfaces() -> [String] {
        interfaces(v4: SmallFile.text("/proc/net/route") ?? "", v6: SmallFile.text("/proc/net/ipv6_route") ?? "")
    }

    /// - Parameters:
    ///   - v4: `/proc/net/route`: interface, destination, gateway, flags, …, mask at the eighth place.
    ///   - v6: `/proc/net/ipv6_route`: destination, prefix length, …, interface at the end.
    static func interfaces(v4: String, v6: String) -> [String] {
        let fields = { (text: String) in
            text.split(separator: "\n").map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }
        }
        let first = fields(v4).filter { $0.count > 7 && $0[1] == "00000000" && $0[7] == "00000000" }.map { $0[0] }
        // The kernel has an unreachable default route on lo.
        let second = fields(v6).filter {
            $0.count > 9 && $0[1] == "00" && $0[0].allSatisfy { $0 == "0" } && $0[9] != "lo"
        }.map { $0[9] }
        return (first + second).withoutRepeats.map(String.init)
    }
}

/// Files that the kernel writes: short, and complete at one reading.
enum SmallFile {
    private static let maximum = 1 << 20

    /// Nil if it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximum)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
