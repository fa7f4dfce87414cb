import NIOCore
import NIOPosix
import TailwartClient
import TailwartCore
import TailwartResolve
import TailwartSystem
import TailwartWire

/// Asks web servers over HTTPS, or over HTTP where strangers cannot read it.
final class WebClient: Sendable {
    /// For one address of several to answer at all.
    private static let addressLimit = TimeAmount.seconds(10)
    /// Addresses of one name that are tried.
    private static let addresses = 8

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let roots = TrustRoots()

    /// Why there is no answer, as a sentence without a full stop.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ sentence: String) { description = sentence }
    }

    /// What an answer may take.
    struct Limits {
        /// With all of the server's addresses.
        var time: Duration
        /// Bytes of the whole connection.
        var bytes = ClientConnection.Limits().total
        /// Does not wait for the body.
        var isStatusEnough = false
    }

    deinit { group.shutdownGracefully { _ in } }

    /// - Parameters:
    ///   - trustRoots: a PEM file; nil: the system's.
    /// - Returns: the first answer of one of the server's addresses, whatever its status.
    func ask(
        _ question: HTTPQuestion, of url: NoticeURL, trustRoots: String? = nil, within limits: Limits
    ) async throws(Failure) -> HTTPAnswer {
        let context = try await context(for: url, trustRoots)
        var failure = Failure("\(url.host) has no address")
        let deadline = NIODeadline.now() + .nanoseconds(Int64(limits.time / .nanoseconds(1)))
        for address in try await addresses(of: url) {
            guard NIODeadline.now() < deadline else { break }
            do throws(Failure) {
                return try await ask(question, at: address, url, context, limits, by: deadline)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Nil for a server that is asked in clear.
    private func context(for url: NoticeURL, _ trustRoots: String?) async throws(Failure) -> TLSContext? {
        guard url.isEncrypted else { return nil }
        switch await roots.load(trustRoots) {
        case .success(let authorities):
            guard let context = try? TLSContext(trusting: .only(authorities), applicationProtocols: ["http/1.1"]) else {
                throw Failure("TLS cannot be set up")
            }
            return context
        case .failure(let missing): throw Failure("\(missing)")
        }
    }

    private func addresses(of url: NoticeURL) async throws(Failure) -> [InternetAddress] {
        let found: [IPAddress]
        if let address = url.address {
            found = [address]
        } else {
            let host = url.host
            let answer = try? await Thread.run(name: "web-name") {
                Result { () throws(SystemNames.Failure) in try SystemNames.addresses(of: host) }
            }
            switch answer {
            case .success(let addresses): found = Array(addresses.prefix(Self.addresses))
            case .failure(.away(let reason)): throw Failure("\(host) does not resolve: \(reason)")
            case .failure(.unknown): throw Failure("\(host) does not resolve: no such name")
            case nil: throw Failure("there is no thread to look up \(host)")
            }
        }
        if !url.isEncrypted, let stranger = found.first(where: \.isForStrangers) {
            throw Failure("\(url.host) is \(stranger), where strangers could read what is sent by http; write https://")
        }
        return found.map { InternetAddress($0, port: url.port) }
    }

    private func ask(
        _ question: HTTPQuestion, at address: InternetAddress, _ url: NoticeURL, _ context: TLSContext?,
        _ limits: Limits, by deadline: NIODeadline
    ) async throws(Failure) -> HTTPAnswer {
        // An answer that is not waited for has to begin as soon as the connection.
        let connected = min(deadline, .now() + Self.addressLimit)
        let patience = limits.isStatusEnough ? nil : deadline - .now()
        let dial = Dial(
            way: .direct(address), deadline: connected, patience: patience,
            limits: ClientConnection.Limits(line: ClientConnection.Limits().line, total: limits.bytes), group: group)
        switch await dial.run() {
        case .failed(_, let detail): throw Failure(detail.hasSuffix(".") ? String(detail.dropLast()) : detail)
        case .connected(let connection, _):
            defer { connection.abort() }
            // Waiting for an answer does not hear of it that the task is cancelled.
            let outcome = await withTaskCancellationHandler {
                await Self.converse(over: connection, question, url, context, limits)
            } onCancel: {
                connection.abort()
            }
            let answer: HTTPAnswer?
            do throws(ConnectionEnd) {
                answer = try outcome.get()
            } catch {
                throw Failure("\(url.origin): \(error)")
            }
            guard let answer else { throw Failure("\(url.origin) is not a web server") }
            return answer
        }
    }

    private static func converse(
        over connection: ClientConnection, _ question: HTTPQuestion, _ url: NoticeURL, _ context: TLSContext?,
        _ limits: Limits
    ) async -> Result<HTTPAnswer?, ConnectionEnd> {
        do throws(ConnectionEnd) {
            if let context {
                // An address is compared with the certificate's addresses, and is not sent as a server name (RFC 6066 section 3).
                try await connection.startTLS(
                    context, serverName: url.address == nil ? url.host : nil, host: url.host)
            }
            return .success(try await connection.ask(question, isStatusEnough: limits.isStatusEnough))
        } catch {
            return .failure(error)
        }
    }
}
