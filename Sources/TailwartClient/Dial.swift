import Glibc
package import NIOCore
import NIOPosix
package import TailwartCore
import TailwartWire

/// Makes a connection, over whatever is on the way.
package struct Dial {
    let way: DialWay
    let deadline: NIODeadline
    let patience: TimeAmount?
    let limits: ClientConnection.Limits
    let maximumSegment: Int?
    let group: any EventLoopGroup

    package enum Outcome {
        case connected(ClientConnection, roundTrip: Duration)
        /// With a sentence.
        case failed(Verdict, String)
    }

    /// - Parameters:
    ///   - deadline: for the way to the endpoint.
    ///   - patience: for what is said once it is there; nil: until the deadline.
    ///   - maximumSegment: of TCP, in bytes, both ways; nil: what fits the interface.
    package init(
        way: DialWay, deadline: NIODeadline, patience: TimeAmount? = nil,
        limits: ClientConnection.Limits = ClientConnection.Limits(), maximumSegment: Int? = nil,
        group: any EventLoopGroup
    ) {
        self.way = way
        self.deadline = deadline
        self.patience = patience
        self.limits = limits
        self.maximumSegment = maximumSegment
        self.group = group
    }

    package func run() async -> Outcome {
        let start = NIODeadline.now()
        do {
            var connection = try await open()
            do {
                try await askForPassage(connection)
                if way.isIndirect { await connection.begin() }
            } catch {
                await connection.end(saying: nil)
                throw error
            }
            let now = NIODeadline.now()
            if let patience { connection.patience = .until(now + patience) }
            return .connected(connection, roundTrip: .nanoseconds((now - start).nanoseconds))
        } catch let failure as Failure {
            return .failed(failure.verdict, failure.detail)
        } catch {
            return .failed(.unreachable, "\(way.name): \(Quoted.text("\(error)".utf8)).")
        }
    }

    /// The socket itself: to the endpoint, or to what is on the way.
    private func open() async throws -> ClientConnection {
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
            return try await ClientConnection.open(
                to: address, patience: .until(deadline), limits: limits, maximumSegment: maximumSegment,
                group: group)
        } catch {
            let failure = Failure(connecting: error, to: way.firstHop)
            guard way.isIndirect, failure.verdict != .unprobed else { throw failure }
            throw Failure(.proxyFailed, failure.detail)
        }
    }

    private func askForPassage(_ connection: ClientConnection) async throws {
        switch way {
        case .direct, .unix: return
        case .socks5(_, let host, let port): try await SOCKSWay(connection: connection, host: host, port: port).run()
        case .tailscale(_, let host, let port):
            try await TailscaleWay(connection: connection, host: host, port: port).run()
        }
    }
}

extension Dial {
    struct Failure: Error {
        private static let shortage = "This host has no descriptor or memory left to ask with."

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
                // Nobody was asked, which says nothing of the place.
                case EMFILE, ENFILE, ENOBUFS, ENOMEM: self.init(.unprobed, Self.shortage)
                case EACCES, EPERM: self.init(.unreachable, "This process may not connect to \(place).")
                default: self.init(.unreachable, "\(place) cannot be connected to: error \(error.errnoCode).")
                }
            default:
                self.init(.unreachable, "\(place) cannot be connected to: \(Quoted.text("\(error)".utf8)).")
            }
        }
    }
}
