import CTailwartLinux
import Glibc

/// The service manager that started this process, systemd as a rule: what it is told (sd_notify(3)), what it gave (sd_listen_fds(3)), and how often
/// it wants to hear that the process is well (sd_watchdog_enabled(3)).
///
/// Without libsystemd: what is used of it are datagrams of a few words, and it would be one more library that `make portable` cannot take along.
package struct ServiceManager: Sendable {
    /// What it is told.
    package enum News: Sendable, Equatable {
        /// The service is up, or up again after ``reloading(at:)``.
        case ready
        /// - Parameter now: microseconds on the monotonic clock.
        case reloading(at: UInt64)
        case stopping
        /// One line for `systemctl status`.
        case status(String)
        /// Another process is the service's main one from now on.
        case mainProcess(Int32)
        /// The process is well.
        case wellBeing
        /// Keep the descriptor that comes along, under this name, and give it to the next process.
        case store(name: String)
        /// Let go of those under this name.
        case forget(name: String)

        var text: String {
            switch self {
            case .ready: "READY=1"
            case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now)"
            case .stopping: "STOPPING=1"
            case .status(let line): "STATUS=" + line.map { $0.isNewline ? " " : String($0) }.joined()
            case .mainProcess(let process): "MAINPID=\(process)"
            case .wellBeing: "WATCHDOG=1"
            case .store(let name): "FDSTORE=1\nFDNAME=\(ServiceManager.descriptorName(name))"
            case .forget(let name): "FDSTOREREMOVE=1\nFDNAME=\(ServiceManager.descriptorName(name))"
            }
        }
    }

    /// A socket that it opened, or kept, and its name.
    package struct Given: ~Copyable {
        package var descriptor: Descriptor
        package let name: String

        package init(_ descriptor: consuming Descriptor, name: String) {
            self.descriptor = descriptor
            self.name = name
        }

        package consuming func release() -> Descriptor { descriptor }
    }

    private let address: SocketAddress?
    /// How long it waits for ``News/wellBeing`` before it ends the process, in microseconds; nil if it does not.
    package let watchdog: UInt64?
    /// How many sockets it gave, and their names.
    private let given: (count: Int, names: [String])
    /// The first of them (`SD_LISTEN_FDS_START`).
    private static let firstGiven: CInt = 3

    /// - Parameters:
    ///   - environment: of this process.
    ///   - process: its number; what is meant for another one is left alone.
    package init(_ environment: [String: String], process: Int32 = getpid()) {
        address = environment["NOTIFY_SOCKET"].flatMap(SocketAddress.init(notifySocket:))
        let isForMe = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        watchdog = isForMe ? environment["WATCHDOG_USEC"].flatMap(UInt64.init).flatMap { $0 > 0 ? $0 : nil } : nil
        guard environment["LISTEN_PID"] == "\(process)", let count = environment["LISTEN_FDS"].flatMap(Int.init),
            (1...1 << 16).contains(count)
        else {
            given = (0, [])
            return
        }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false)
        given = (count, names.map { $0.map(String.init) } ?? [])
    }

    /// Whether there is one that wants to be told.
    package var isThere: Bool { address != nil }

    /// Tells it, in one datagram, so that it sees all of it at once. Nobody could be told that it does not hear.
    ///
    /// - Parameter descriptors: of ``News/store(name:)``; they stay the caller's. At most ``PacketSocket/maximumDescriptors``.
    package func tell(_ news: [News], passing descriptors: [CInt] = []) {
        guard let address else { return }
        let raw = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return }
        var descriptor = Descriptor(owning: raw)
        let bytes = Array(news.map(\.text).joined(separator: "\n").utf8)
        _ = IOResult.of { ControlMessage.send(raw, bytes, descriptors, to: address) }
        descriptor.close()
    }

    /// Takes the sockets that it gave, once; each is closed when this process is replaced.
    package func takeGiven(_ body: (consuming Given) -> Void) {
        for index in 0..<given.count {
            let raw = Self.firstGiven + CInt(index)
            guard fcntl(raw, F_SETFD, FD_CLOEXEC) == 0 else { continue }
            let name = index < given.names.count ? given.names[index] : ""
            body(Given(Descriptor(owning: raw), name: name))
        }
    }

    /// What a name of a stored descriptor may have (sd_notify(3), `FDNAME`): at most 255 printable characters of ASCII, and no colon.
    package static func descriptorName(_ name: String) -> String {
        String(name.utf8.prefix(255).map { (33...126).contains($0) && $0 != 58 ? Character(Unicode.Scalar($0)) : "-" })
    }

    /// Whether what is written to a descriptor goes to the journal as it is (`$JOURNAL_STREAM`, systemd.exec(5)): device and inode.
    package static func isJournal(_ descriptor: CInt, _ environment: [String: String]) -> Bool {
        let numbers = environment["JOURNAL_STREAM"]?.split(separator: ":").map { UInt64($0) } ?? []
        var status = stat()
        guard numbers.count == 2, fstat(descriptor, &status) == 0 else { return false }
        return numbers[0] == UInt64(status.st_dev) && numbers[1] == UInt64(status.st_ino)
    }
}
