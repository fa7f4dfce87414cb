import CTailwartLinux
import Glibc
package import TailwartWire

/// Why a listener could not be opened: which, what stands in the way, and what to do.
package struct ListenError: Error, CustomStringConvertible, Sendable {
    package let listener: String
    package let bind: BindAddress
    package let cause: String
    package let fix: String
    /// Who has the address; nil if it is not taken, or the system does not tell.
    package let holder: PortHolder?

    package init(listener: String, bind: BindAddress, cause: String, fix: String, holder: PortHolder? = nil) {
        self.listener = listener
        self.bind = bind
        self.cause = cause
        self.fix = fix
        self.holder = holder
    }

    package var description: String { "listener \(listener): cannot listen on \(bind): \(cause). \(fix)" }
}

extension ListeningSocket {
    /// Opens an address as a listener writes it.
    ///
    /// - Parameters:
    ///   - listener: whose address it is, for the error.
    ///   - defersAccept: see ``init(_:dualStack:defersAccept:keepAlive:mayBeMissing:)``.
    ///   - missing: called where this host does not have the address; it is listened on all the same then, for when it comes. Nil: that is an
    ///     error.
    package static func open(
        _ bind: BindAddress, listener: String, defersAccept: Bool, keepAlive: KeepAlive = .standard,
        missing: (() -> Void)? = nil
    ) throws(ListenError) -> ListeningSocket {
        do throws(SystemError) {
            do throws(SystemError) {
                return try open(bind, deferring: defersAccept, keepAlive)
            } catch {
                guard let missing, error.errno == .addressNotAvailable, case .internet(let address) = bind else {
                    throw error
                }
                let socket = try ListeningSocket(
                    address, defersAccept: defersAccept, keepAlive: keepAlive, mayBeMissing: true)
                missing()
                return socket
            }
        } catch {
            throw ListenError(error, listener, bind)
        }
    }

    private static func open(
        _ bind: BindAddress, deferring: Bool, _ keepAlive: KeepAlive
    ) throws(SystemError) -> ListeningSocket {
        switch bind {
        case .unix(let path):
            return try ListeningSocket(unixPath: path)
        case .internet(let address):
            return try ListeningSocket(address, defersAccept: deferring, keepAlive: keepAlive)
        case .any(let port):
            do throws(SystemError) {
                return try ListeningSocket(
                    InternetAddress(.anyV6, port: port), dualStack: true, defersAccept: deferring,
                    keepAlive: keepAlive)
            } catch {
                // A kernel or a container without IPv6.
                guard error.errno == .addressFamilyNotSupported || error.errno == .addressNotAvailable else {
                    throw error
                }
                return try ListeningSocket(
                    InternetAddress(.anyV4, port: port), defersAccept: deferring, keepAlive: keepAlive)
            }
        }
    }
}

extension ListenError {
    fileprivate init(_ error: SystemError, _ listener: String, _ bind: BindAddress) {
        let port = bind.port ?? 0
        let holder = error.errno == .addressInUse ? PortHolder.find(bind) : nil
        let (cause, fix) =
            switch error.errno {
            case .addressInUse where !bind.isFreeOrSocket:
                ("a file that is not a socket is there", "Move it away, or choose another path.")
            case .addressInUse where bind.port == nil:
                (
                    (holder.map { "\($0)" } ?? "another process") + " listens there",
                    Self.look(holder, "sudo ss -lxp", isRoot: geteuid() == 0) + "Stop it, or choose another path."
                )
            case .noEntry where bind.port == nil:
                ("its folder does not exist", "Make it, or choose another path.")
            case .accessDenied where bind.port == nil:
                ("this user may not write to its folder", "Let it, or choose another path.")
            case .addressInUse:
                (
                    "port \(port) is taken" + (holder.map { " by \($0)" } ?? ""),
                    Self.look(holder, "sudo ss -ltnp 'sport = :\(port)'", isRoot: geteuid() == 0)
                        + "Stop that service, or choose another port or address for this listener."
                )
            case .accessDenied where port > 0 && port < 1024, .notPermitted where port > 0 && port < 1024:
                (
                    "port \(port) is not permitted to an ordinary user",
                    "Run as root, give the program the right to with `setcap cap_net_bind_service=+ep PROGRAM`, or allow it on this "
                        + "host with `sysctl net.ipv4.ip_unprivileged_port_start=\(port)`."
                )
            case .addressNotAvailable:
                ("this host does not have that address", "See `ip address`; or leave the address out to listen on all.")
            default:
                ("\(error)", "See the manual page of that system call.")
            }
        self.init(listener: listener, bind: bind, cause: cause, fix: fix, holder: holder)
    }

    /// How to see a holder that was not found, and why it was not.
    static func look(_ holder: PortHolder?, _ command: String, isRoot: Bool) -> String {
        guard holder == nil else { return "" }
        return isRoot
            ? "Its process is not seen from here: it may be in another container, or this one be closed to its host. "
            : "Only root sees whose process that is: `\(command)`. "
    }
}

extension BindAddress {
    /// False for a unix socket's path that leads to another kind of file.
    package var isFreeOrSocket: Bool {
        guard case .unix(let path) = self else { return true }
        var status = stat()
        return lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK
    }
}
