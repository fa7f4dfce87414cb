import Foundation

/// The TCP ports that something in a network namespace listens on.
///
/// From the kernel's tables (proc_pid_net(5)) and not by connecting: Postfix and Dovecot would wait for a PROXY header, and
/// the edge would write a record.
package enum ListeningPorts {
    /// `TCP_LISTEN` in the kernel's tcp_states.h.
    private static let listening = "0A"
    /// The tables show what listens first. On a busy machine the rest is many megabytes that nobody needs to read.
    private static let sizeOfInterest = 1 << 18

    /// - Parameter process: one in the namespace.
    private static func contains(_ port: UInt16, in process: ChildProcess) -> Bool {
        let suffix = ":" + String(format: "%04X", Int(port))
        let folder = "/proc/\(process.id)/net"
        return ["tcp", "tcp6"].contains { table in
            let table = try? FileHandle(forReadingAtPath: "\(folder)/\(table)")?.read(upToCount: sizeOfInterest)
            let lines = String(decoding: table ?? Data(), as: UTF8.self).split(separator: "\n").dropFirst()
            for line in lines {
                // sl, local_address, rem_address, st
                let fields = line.split(separator: " ", maxSplits: 4)
                guard fields.count == 5, fields[3] == listening else { return false }
                if fields[1].hasSuffix(suffix) { return true }
            }
            return false
        }
    }

    /// Waits until all ports are listened on in the server's namespace, and throws at once if the server ends instead.
    package static func wait(for ports: [UInt16], of server: ChildProcess) async throws {
        try await eventually("\(server.name) listens on \(ports)") { () throws -> Bool? in
            guard server.isRunning else { throw TestFailure("\(server.name) ended at once\n\(server.tail)") }
            return ports.allSatisfy { contains($0, in: server) } ? true : nil
        }
    }
}
