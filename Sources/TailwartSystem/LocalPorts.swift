/// The ports that this host connects from (ip(7)).
package struct LocalPorts: Sendable, Equatable {
    /// How many there are; each connection to one address and port needs one of its own.
    package let count: Int
    /// Whether a port whose connection has ended is taken again at once, for other hosts too (`tcp_tw_reuse` 1, tcp(7)). Else it rests for
    /// a minute where this end closed first.
    package let areReused: Bool

    /// Nil where the system does not tell.
    package static var ofHost: LocalPorts? {
        let range = numbers("/proc/sys/net/ipv4/ip_local_port_range")
        guard range.count == 2, range[0] <= range[1] else { return nil }
        return LocalPorts(
            count: range[1] - range[0] + 1, areReused: numbers("/proc/sys/net/ipv4/tcp_tw_reuse").first == 1)
    }

    private static func numbers(_ path: String) -> [Int] {
        guard case .bytes(let bytes) = FileSystem.read(path, limit: 64) else { return [] }
        return bytes.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
    }
}
