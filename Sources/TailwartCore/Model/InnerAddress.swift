package import TailwartWire

/// What is listened on for programs and people that are trusted.
package enum InnerAddress: Sendable, Equatable, CustomStringConvertible {
    /// This host's own addresses in the tailnet, of both families, whatever they are.
    case tailnet(port: UInt16)
    case internet(InternetAddress)

    /// Whether strangers may reach it.
    package var isForStrangers: Bool {
        switch self {
        case .tailnet: false
        case .internet(let address): address.ip.isForStrangers
        }
    }

    package var description: String {
        switch self {
        case .tailnet(let port): "tailnet:\(port)"
        case .internet(let address): "\(address)"
        }
    }
}
