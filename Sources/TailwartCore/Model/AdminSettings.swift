package import TailwartWire

/// Where the running edge takes questions and orders.
package struct AdminSettings: Sendable, Equatable {
    package enum Socket: Sendable, Equatable {
        case off
        /// An absolute path that must be had.
        case path(String)
    }

    /// Nil: ``Defaults/adminSocket``, where its folder can be made.
    package var socket: Socket?
    /// Addresses of TCP, where questions alone are answered.
    package var listen: [InnerAddress]
    /// Whether one of ``listen`` may be an address that strangers reach.
    package var isPublic: Bool

    package init(socket: Socket? = nil, listen: [InnerAddress] = [], isPublic: Bool = false) {
        self.socket = socket
        self.listen = listen
        self.isPublic = isPublic
    }

    /// Where a command finds it; nil: nowhere.
    package var path: String? {
        switch socket {
        case nil: Defaults.adminSocket
        case .path(let path): path
        case .off: nil
        }
    }
}

extension IPAddress {
    /// Whether strangers may reach it: what the admin interface listens on must be said to be so.
    package var isForStrangers: Bool {
        switch reach {
        case .thisHost, .privateNetwork, .tailnet, .link: false
        case .everywhere, .nobody, .multicast, .reserved: true
        }
    }
}
