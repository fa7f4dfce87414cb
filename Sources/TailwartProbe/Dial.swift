import Glibc
import NIOCore
import NIOPosix
import TailwartCore
import TailwartWire

/// Makes the connection of a probe, over whatever is on the way.
struct Dial {
    let way: ProbeWay
    let deadline: NIODeadline
    let group: any EventLoopGroup

    enum Outcome {
        case connected(ProbeConnection, roundTrip: Duration)
        case failed(Verdict, String)
    }

    func run() async -> Outcome {
        let start = NIODeadline.now()
        do {
            let connection = try await open()
            do {
                try await askForPassage(connection)
                if way.isIndirect { await connection.begin() }
            } catch {
                await connection.end(saying: nil)
                throw error
            }
            return .connected(connection, roundTrip: .nanoseconds((NIODeadline.now() - start).nanoseconds))
        } catch let failure as Failure {
            return .failed(failure.verdict, failure.detail)
        } catch {
            return .failed(.unreachable, "\(way.name): \(Quoted.text("\(error)".utf8)).")
        }
    }

    /// The socket itself: to the endpoint, or to what is on the way.
    private func open() async throws -> ProbeConnection {
        let address: SocketAddress
        do {
            address =
                switch way {
                case .direct(let endpoint): try SocketAddress(endpoint)
                case .socks5(let proxy, _, _): try SocketAddress(proxy)
                case .unix(let path), .tailscale(let path, _, _): try SocketAddress(unixDomainSocketPath: path)
                }
        } catch {
            throw Failure(.unreachable, "\(way.name) is not an address that can be connected to.")
        }
        do {
            return try await ProbeConnection.open(to: address, deadline: deadline, group: group)
        } catch {
            let failure = Failure(connecting: error, to: way.firstHop)
            guard way.isIndirect else { throw failure }
            throw Failure(.proxyFailed, failure.detail)
        }
    }

    private func askForPassage(_ connection: ProbeConnection) async throws {
        switch way {
        case .direct, .unix: return
        case .socks5(_, let host, let port): try await SOCKSPassage(connection, host: host, port: port).run()
        case .tailscale(_, let host, let port): try await TailscalePassage(connection, host: host, port: port).run()
        }
    }
}

extension Dial {
    struct Failure: Error {
        let verdict: Verdict
        /// A sentence.
        let detail: String

        init(_ verdict: Verdict, _ detail: String) {
            self.verdict = verdict
            self.detail = detail
        }

        init(connecting error: any Error, to place: String) {
            switch error {
            case ChannelError.connectTimeout:
                self.init(.timeout, "\(place) did not answer the connection attempt in time.")
            case let error as IOError:
                switch error.errnoCode {
                case ECONNREFUSED: self.init(.refused, "\(place) refused the connection.")
                case ENOENT: self.init(.refused, "\(place) does not exist.")
                case ETIMEDOUT: self.init(.timeout, "\(place) did not answer the connection attempt.")
                // A refusal comes in answer to the first packet; this came after the connection was there.
                case ECONNRESET: self.init(.banned, "\(place) took the connection and reset it at once.")
                case ENETUNREACH: self.init(.unreachable, "No route leads to the network of \(place).")
                case EHOSTUNREACH: self.init(.unreachable, "No route leads to \(place).")
                case EACCES, EPERM: self.init(.unreachable, "This process may not connect to \(place).")
                default: self.init(.unreachable, "\(place) cannot be connected to: error \(error.errnoCode).")
                }
            default:
                self.init(.unreachable, "\(place) cannot be connected to: \(Quoted.text("\(error)".utf8)).")
            }
        }
    }
}

extension ProbeWay {
    /// The endpoint, for a sentence.
    var name: String {
        switch self {
        case .direct(let address): "\(address)"
        case .unix(let path): path
        case .socks5(_, let host, let port), .tailscale(_, let host, let port): "\(host):\(port)"
        }
    }

    /// What the socket is connected to, for a sentence.
    var firstHop: String {
        switch self {
        case .direct, .unix: name
        case .socks5(let proxy, _, _): "The SOCKS proxy \(proxy)"
        case .tailscale(let socket, _, _): "tailscaled's socket \(socket)"
        }
    }

    var isIndirect: Bool {
        switch self {
        case .direct, .unix: false
        case .socks5, .tailscale: true
        }
    }

    /// To another port of the same host; nil for a Unix socket.
    func toPort(_ port: UInt16) -> ProbeWay? {
        switch self {
        case .direct(let address): .direct(InternetAddress(address.ip, port: port))
        case .unix: nil
        case .socks5(let proxy, let host, _): .socks5(proxy, host: host, port: port)
        case .tailscale(let socket, let host, _): .tailscale(socket: socket, host: host, port: port)
        }
    }
}
