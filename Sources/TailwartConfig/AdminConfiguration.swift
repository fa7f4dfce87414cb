package import TailwartWire

/// Where the running edge takes questions. Without effect so far.
package struct AdminConfiguration: Sendable, Equatable {
    /// An absolute path; nil: ``Defaults/adminSocket`` where its folder can be made.
    package var socket: String?
    /// Nil: no TCP address.
    package var listen: InternetAddress?

    package init(socket: String? = nil, listen: InternetAddress? = nil) {
        self.socket = socket
        self.listen = listen
    }
}
