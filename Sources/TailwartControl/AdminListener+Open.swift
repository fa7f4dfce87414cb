import Glibc
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartWire

/// The admin interface could not be had where the file asks for it.
package struct AdminError: Error, CustomStringConvertible, Sendable {
    package let description: String
}

extension AdminListener {
    /// Opens what the settings ask for. The usual socket may be missing: that is said in the log, and mail comes first.
    ///
    /// - Parameter replaces: the path is taken over from the process whose sockets this one has.
    static func open(
        _ settings: AdminSettings, ledger: Ledger, replaces: Bool = false
    ) throws -> [AdminListener] {
        var listeners: [AdminListener] = []
        if let path = settings.path {
            let isUsual = settings.socket == nil
            if isUsual { mkdir(FileSystem.folder(of: path), 0o750) }
            do throws(SystemError) {
                listeners.append(
                    AdminListener(try ListeningSocket(unixPath: path, permissions: 0o660, replaces: replaces)))
            } catch {
                let (cause, fix) = error.words(at: path)
                guard isUsual else {
                    throw AdminError(description: "admin.socket: cannot listen on \(path): \(cause). \(fix)")
                }
                ledger.post(.adminUnavailable(socket: path, failure: cause))
            }
        }
        for case .internet(let address) in settings.listen {
            let bind = BindAddress.internet(address)
            let socket = try ListeningSocket.open(bind, listener: "admin.listen", defersAccept: false) {
                ledger.post(.addressMissing(EdgeEvent.Opening(bind, listener: "admin.listen")))
            }
            listeners.append(AdminListener(socket))
        }
        return listeners
    }
}

extension SystemError {
    /// Why the path is not to be had, and what to do.
    fileprivate func words(at path: String) -> (cause: String, fix: String) {
        switch errno {
        case .addressInUse where !BindAddress.unix(path: path).isFreeOrSocket:
            ("a file that is not a socket is there", "Move it away, or choose another path.")
        case .addressInUse: ("another process listens there", "Stop it, or choose another path.")
        case .noEntry: ("its folder does not exist", "Make it, or choose another path.")
        case .accessDenied, .notPermitted:
            ("this user may not write to its folder", "Choose another path, or set it to off.")
        default: ("\(self)", "Choose another path, or set it to off.")
        }
    }
}
