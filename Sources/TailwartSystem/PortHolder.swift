import Glibc
package import TailwartWire

/// The process that listens on an address, found through `/proc` (proc(5), proc_pid_net(5)).
package struct PortHolder: Sendable, Equatable, CustomStringConvertible {
    package let pid: Int
    /// As `/proc/PID/comm` gives it.
    package let command: String

    package var description: String { "\(command) (process \(pid))" }

    /// Nil if `/proc` does not tell: another user's processes are hidden from an ordinary one.
    package static func find(_ bind: BindAddress) -> PortHolder? {
        let inodes: Set<String> =
            switch bind {
            case .any(let port): listeningInodes(port: port)
            case .internet(let address): listeningInodes(port: address.port)
            case .unix(let path): listeningInodes(path: path)
            }
        guard !inodes.isEmpty else { return nil }
        for entry in entries(of: "/proc") {
            guard let pid = Int(entry) else { continue }
            for descriptor in entries(of: "/proc/\(pid)/fd") {
                guard let target = link("/proc/\(pid)/fd/\(descriptor)"), target.hasPrefix("socket:["),
                    inodes.contains(String(target.dropFirst(8).dropLast()))
                else { continue }
                let command = text(of: "/proc/\(pid)/comm").split(separator: "\n").first.map(String.init)
                return PortHolder(pid: pid, command: command ?? "a process")
            }
        }
        return nil
    }

    private static func listeningInodes(port: UInt16) -> Set<String> {
        Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeningInodes(in: $0, port: port) })
    }

    /// The inodes of Unix sockets with this path: number, references, protocol, flags (10000: listening), type, state, inode, path.
    private static func listeningInodes(path: String) -> Set<String> {
        Set(
            text(of: "/proc/net/unix").split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
                guard fields.count == 8, fields[3] == "00010000", fields[7] == path else { return nil }
                return String(fields[6])
            })
    }

    /// The inodes of sockets in state 0A (listening) with this local port.
    private static func listeningInodes(in table: String, port: UInt16) -> [String] {
        text(of: table).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }

    private static func text(of path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func link(_ path: String) -> String? {
        var target = [UInt8](repeating: 0, count: 256)
        let count = target.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        return count > 0 ? String(decoding: target[..<count], as: UTF8.self) : nil
    }
}
