import Glibc
package import TailwartWire

/// The process that listens on an address, found through `/proc` (proc(5), proc_pid_net(5)).
package struct PortHolder: Sendable, Equatable, CustomStringConvertible {
    package let pid: Int
    /// As `/proc/PID/comm` gives it.
    package let command: String

    package var description: String { "\(command) (process \(pid))" }

    /// Nil if `/proc` does not tell: another user's processes are hidden from an ordinary one.
    ///
    /// So are those of the same user that have a right from their file, as the edge has in its container (ptrace(2), "dumpable"). If only one
    /// program of the socket's owner is hidden, it is that one; a container's health check may run beside it.
    ///
    /// Of several that hold it, the first process is the last choice: it keeps the sockets that it opens for services (systemd.socket(5)).
    package static func find(_ bind: BindAddress) -> PortHolder? {
        let sockets: [Listening] =
            switch bind {
            case .any(let port): listening(port: port)
            case .internet(let address): listening(port: address.port)
            case .unix(let path): listening(path: path)
            }
        guard !sockets.isEmpty else { return nil }
        let inodes = Set(sockets.map(\.inode))
        let owners = Set(sockets.compactMap(\.owner))
        var hidden: [PortHolder] = []
        var first: PortHolder?
        for pid in (FileSystem.names(in: "/proc") ?? []).compactMap({ Int($0) }) {
            guard let descriptors = FileSystem.names(in: "/proc/\(pid)/fd") else {
                if let user = user(of: pid), owners.contains(user) { hidden.append(holder(pid)) }
                continue
            }
            for descriptor in descriptors {
                guard let target = link("/proc/\(pid)/fd/\(descriptor)"), target.hasPrefix("socket:["),
                    inodes.contains(String(target.dropFirst(8).dropLast()))
                else { continue }
                guard pid == 1 else { return holder(pid) }
                first = holder(pid)
            }
        }
        return first ?? (Set(hidden.map(\.command)).count == 1 ? hidden.first : nil)
    }

    private static func holder(_ pid: Int) -> PortHolder {
        let command = text(of: "/proc/\(pid)/comm").split(separator: "\n").first.map(String.init)
        return PortHolder(pid: pid, command: command ?? "a process")
    }

    /// A socket of the system's tables.
    private struct Listening {
        let inode: String
        /// The number of a user; nil where the table has none.
        var owner: String?
    }

    /// Of a process, as it acts on files: the last of four.
    private static func user(of pid: Int) -> String? {
        text(of: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("Uid:") }?
            .split { $0 == "\t" || $0 == " " }.last.map(String.init)
    }

    private static func listening(port: UInt16) -> [Listening] {
        ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listening(in: $0, port: port) }
    }

    /// Unix sockets with this path: number, references, protocol, flags (10000: listening), type, state, inode, path.
    private static func listening(path: String) -> [Listening] {
        text(of: "/proc/net/unix").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
            guard fields.count == 8, fields[3] == "00010000", fields[7] == path else { return nil }
            return Listening(inode: String(fields[6]))
        }
    }

    /// Sockets in state 0A (listening) with this local port.
    private static func listening(in table: String, port: UInt16) -> [Listening] {
        text(of: table).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return Listening(inode: String(fields[9]), owner: String(fields[7]))
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
