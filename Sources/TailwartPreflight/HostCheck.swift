import TailwartSystem

/// What of the host itself an edge depends on.
enum HostCheck {
    /// - Parameter highest: open files that a process may have; nil: not known.
    static func descriptors(highest: UInt64?, needed: UInt64, connections: Int) -> Finding {
        let subject = "max_connections"
        guard let highest else {
            return Finding(
                .descriptors, subject, .unknown, "The system does not tell how many files a process may have open.",
                fix: "See `ulimit -Hn`; \(connections) connections need \(needed).")
        }
        guard highest >= needed else {
            return Finding(
                .descriptors, subject, .warn,
                "\(connections) connections need \(needed) open files, and a process started from here may have \(highest).",
                fix:
                    "Raise the limit where the edge is started (LimitNOFILE= in systemd, ulimit -n), or lower max_connections."
            )
        }
        return Finding(
            .descriptors, subject, .pass,
            "\(connections) connections need \(needed) open files, and \(highest) are allowed.")
    }

    /// Seconds that a port rests after a connection that this end closed first (TIME_WAIT, tcp(7)).
    private static let rest = 60

    /// - Parameter ports: nil where the system does not tell.
    static func localPorts(_ ports: LocalPorts?, connections: Int) -> Finding {
        let subject = "max_connections"
        let fix =
            "sudo sysctl net.ipv4.ip_local_port_range='10240 65535' net.ipv4.tcp_tw_reuse=1; or lower max_connections."
        guard let ports else {
            return Finding(
                .localPorts, subject, .unknown, "The system does not tell which ports it connects from.",
                fix: "See `sysctl net.ipv4.ip_local_port_range`.")
        }
        let count = "This host connects from \(ports.count) ports"
        guard ports.count >= connections else {
            return Finding(
                .localPorts, subject, .warn,
                "\(count), and \(connections) connections to one port of the mailbox need as many.",
                fix: fix)
        }
        let rate =
            ports.areReused
            ? "" : ": enough for \(ports.count / rest) new connections a second to one port of the mailbox"
        return Finding(.localPorts, subject, .pass, "\(count)\(rate).")
    }

    /// - Parameter isSynchronized: what the kernel says; nil: nothing.
    static func clock(isSynchronized: Bool?) -> Finding {
        switch isSynchronized {
        case true?: Finding(.clock, "system", .pass, "A time service keeps it right.")
        case false?:
            Finding(
                .clock, "system", .warn,
                "No time service keeps the clock right, so certificate checks and the times in the log may be wrong.",
                fix: "sudo timedatectl set-ntp true, or install chrony; in a container, look at its host.")
        case nil:
            Finding(
                .clock, "system", .unknown, "The system does not tell whether its clock is kept right.",
                fix: "See `timedatectl`.")
        }
    }
}
