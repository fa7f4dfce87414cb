import Glibc
package import TailwartCore
package import TailwartEngine
import TailwartSystem
import TailwartWire

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

/// The listening sockets of the edge: all of them, or none.
package final class ListenerSet: Sendable {
    /// In the order of the configuration.
    package let sockets: [DoorSocket]

    /// Closes them all; no worker may watch them any more.
    func close() {
        for socket in sockets { socket.close() }
    }

    /// From now on clients are refused at once, in place of waiting in a queue that nobody will take them from; the workers may
    /// still watch the sockets.
    func refuse() {
        // On Linux this ends the state LISTEN; the descriptors stay, so that no worker takes another file for a listener.
        for socket in sockets { shutdown(socket.socket.raw, Int32(SHUT_RDWR)) }
    }

    /// Opens every address of every listener; on failure those that were opened are closed again.
    ///
    /// - Throws: every problem, not only the first.
    package init(_ topology: Topology) throws(ListenErrors) {
        var sockets: [DoorSocket] = []
        var problems: [ListenError] = []
        for frontend in topology.frontends {
            for door in frontend.doors {
                do throws(SystemError) {
                    let socket = try Self.open(door.key.bind, deferring: frontend.listener.defersAccept)
                    sockets.append(DoorSocket(socket, of: door.key))
                } catch {
                    problems.append(Self.explain(error, frontend.listener.name, door.key.bind))
                }
            }
        }
        guard problems.isEmpty else { throw ListenErrors(problems: problems) }
        self.sockets = sockets
    }

    private static func open(_ bind: BindAddress, deferring: Bool) throws(SystemError) -> ListeningSocket {
        switch bind {
        case .unix(let path):
            return try ListeningSocket(unixPath: path)
        case .internet(let address):
            return try ListeningSocket(address, defersAccept: deferring)
        case .any(let port):
            do throws(SystemError) {
                return try ListeningSocket(
                    InternetAddress(.anyV6, port: port), dualStack: true, defersAccept: deferring)
            } catch {
                // A kernel or a container without IPv6.
                guard error.errno == .addressFamilyNotSupported || error.errno == .addressNotAvailable else {
                    throw error
                }
                return try ListeningSocket(InternetAddress(.anyV4, port: port), defersAccept: deferring)
            }
        }
    }

    private static func explain(_ error: SystemError, _ listener: String, _ bind: BindAddress) -> ListenError {
        let port = bind.port ?? 0
        let holder = error.errno == .addressInUse ? PortHolder.find(bind) : nil
        let (cause, fix) =
            switch error.errno {
            case .addressInUse where !bind.isFreeOrSocket:
                ("a file that is not a socket is there", "Move it away, or choose another path.")
            case .addressInUse where bind.port == nil:
                ((holder.map { "\($0)" } ?? "another process") + " listens there", "Stop it, or choose another path.")
            case .noEntry where bind.port == nil:
                ("its folder does not exist", "Make it, or choose another path.")
            case .accessDenied where bind.port == nil:
                ("this user may not write to its folder", "Let it, or choose another path.")
            case .addressInUse:
                (
                    "port \(port) is taken" + (holder.map { " by \($0)" } ?? ""),
                    "Stop that service, or choose another port or address for this listener."
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
        return ListenError(listener: listener, bind: bind, cause: cause, fix: fix, holder: holder)
    }
}

/// All listeners that could not be opened.
package struct ListenErrors: Error, CustomStringConvertible, Sendable {
    package let problems: [ListenError]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension BindAddress {
    /// False for a unix socket's path that leads to another kind of file.
    fileprivate var isFreeOrSocket: Bool {
        guard case .unix(let path) = self else { return true }
        var status = stat()
        return lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFSOCK
    }
}

extension Listener {
    /// Whether the kernel may keep a connection back until the client has spoken: only where the edge would wait for that anyway.
    var defersAccept: Bool {
        proto.firstSpeaker == .client && routes.contains(where: \.needsHello)
    }
}
