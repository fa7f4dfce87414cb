import Glibc
package import TailwartAdmin
package import TailwartCore
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
    package static func open(
        _ settings: AdminSettings, ledger: Ledger, replaces: Bool = false
    ) throws -> [AdminListener] {
        var listeners: [AdminListener] = []
        if let path = settings.path {
            let isUsual = settings.socket == nil
            if isUsual { mkdir(OrderSocket.folder(of: path), 0o750) }
            do throws(OrderSocket.Failure) {
                listeners.append(AdminListener(try OrderSocket(path: path, mode: 0o660, replaces: replaces)))
            } catch {
                guard isUsual else {
                    throw AdminError(
                        description: "admin.socket: cannot listen on \(path): \(error.cause). \(error.fix)")
                }
                ledger.post(.adminUnavailable(socket: path, failure: error.cause))
            }
        }
        for address in settings.listen {
            let bind = BindAddress.internet(address)
            let socket = try ListeningSocket.open(bind, listener: "admin.listen", defersAccept: false) {
                ledger.post(.addressMissing(EdgeEvent.Opening(bind, listener: "admin.listen")))
            }
            listeners.append(AdminListener(socket))
        }
        return listeners
    }
}

extension OrderSocket.Failure {
    fileprivate var cause: String {
        switch self {
        case .isInUse: "another process listens there"
        case .isNoSocket: "a file that is not a socket is there"
        case .failed(_, .noEntry): "its folder does not exist"
        case .failed(_, .accessDenied), .failed(_, .notPermitted): "this user may not write to its folder"
        case .failed(let call, let error): "\(call): \(error)"
        }
    }

    fileprivate var fix: String {
        switch self {
        case .isInUse: "Stop it, or choose another path."
        case .isNoSocket: "Move it away, or choose another path."
        case .failed(_, .noEntry): "Make it, or choose another path."
        case .failed: "Choose another path, or set it to off."
        }
    }
}
