import NIOCore
import NIOPosix
import TailwartClient
package import TailwartCore
import TailwartResolve
package import TailwartSystem
import TailwartWire

/// Delivers notices: to a command on its standard input, or to a server by a POST. What it is given it delivers once, and says why it could
/// not; who tries again is ``Notices``.
package final class NoticeSender: Sendable {
    /// For a command, or for a server with all of its addresses.
    private static let limit = Duration.seconds(30)
    /// For one address of several.
    private static let addressLimit = TimeAmount.seconds(10)
    /// Characters of what a command says that are kept in the log.
    private static let shownOutput = 300

    private let group: MultiThreadedEventLoopGroup
    private let roots = TrustRoots()
    /// Rung when commands are to end at once.
    private let stopped: Waker

    package init() throws(SystemError) {
        stopped = try Waker()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Ends commands that run; what is under way in a task ends with that.
    package func stop() { stopped.ring() }

    deinit { group.shutdownGracefully { _ in } }

    /// - Parameter edge: what the edge calls itself.
    /// - Returns: why it did not arrive, as a sentence without a full stop; nil if it did.
    package func send(_ notice: Notice, by messenger: Messenger, edge: String) async -> String? {
        let body = Array("\(notice.json(edge: edge, version: Version.current.version))\n".utf8)
        switch messenger.way {
        case .command(let words): return await run(words, body)
        case .post(let url):
            do throws(Failure) {
                try await post(body, to: url, messenger)
                return nil
            } catch {
                return error.sentence
            }
        }
    }

    // MARK: - a command

    private func run(_ words: [String], _ body: [UInt8]) async -> String? {
        guard let program = words.first else { return "there is no command" }
        let stopped = stopped
        let outcome = try? await Thread.run(name: "notify-command") {
            Command.tell(program, Array(words.dropFirst()), body, within: Self.limit, or: stopped)
        }
        switch outcome {
        case .ended(0, _, _): return nil
        case .ended(let code, _, let output):
            let said = Quoted.text(output.prefix(Self.shownOutput).utf8)
            return "\(program) ended with \(code)" + (output.isEmpty ? "" : " and said \(said)")
        case .missing: return "there is no program \(program)"
        case .tooLong, .timedOut: return "\(program) took longer than \(Self.limit.configurationText), and was ended"
        case .notStarted(let reason): return "\(program) could not be started: \(reason)"
        case nil: return "there is no thread for \(program)"
        }
    }

    // MARK: - a server

    private struct Failure: Error {
        let sentence: String

        init(_ sentence: String) { self.sentence = sentence }
    }

    private func post(_ body: [UInt8], to url: NoticeURL, _ messenger: Messenger) async throws(Failure) {
        var fields = [
            ("Content-Type", "application/json"), ("User-Agent", "tailwart/\(Version.current.version)"),
            ("Accept", "*/*"),
        ]
        if let file = messenger.headersFile {
            do throws(HeadersFile.Fault) {
                fields += try HeadersFile.read(file)
            } catch {
                throw Failure(error.description)
            }
        }
        let question = HTTPQuestion(url.target, method: "POST", host: url.hostField, fields: fields, body: body)
        let context = try await context(for: url, messenger)
        var failure = Failure("\(url.host) has no address")
        let deadline = NIODeadline.now() + .nanoseconds(Int64(Self.limit / .nanoseconds(1)))
        for address in try await addresses(of: url) {
            guard NIODeadline.now() < deadline else { break }
            do throws(Failure) {
                return try await ask(question, at: address, url, context, by: min(deadline, .now() + Self.addressLimit))
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Nil for a server that is asked in clear.
    private func context(for url: NoticeURL, _ messenger: Messenger) async throws(Failure) -> TLSContext? {
        guard url.isEncrypted else { return nil }
        switch await roots.load(messenger.trustRoots) {
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
            let answer = try? await Thread.run(name: "notify-name") {
                Result { () throws(SystemNames.Failure) in try SystemNames.addresses(of: host) }
            }
            switch answer {
            case .success(let addresses): found = Array(addresses.prefix(8))
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
        by deadline: NIODeadline
    ) async throws(Failure) {
        switch await Dial(way: .direct(address), deadline: deadline, group: group).run() {
        case .failed(_, let detail): throw Failure(detail.hasSuffix(".") ? String(detail.dropLast()) : detail)
        case .connected(let connection, _):
            defer { connection.abort() }
            let answer: HTTPAnswer?
            do throws(ConnectionEnd) {
                if let context {
                    // An address is compared with the certificate's addresses, and is not sent as a server name (RFC 6066 section 3).
                    try await connection.startTLS(
                        context, serverName: url.address == nil ? url.host : nil, host: url.host)
                }
                answer = try await connection.ask(question, isStatusEnough: true)
            } catch {
                throw Failure("\(url.origin): \(error)")
            }
            guard let answer else { throw Failure("\(url.origin) is no web server") }
            guard (200..<300).contains(answer.status) else {
                throw Failure("\(url.origin) answers with \(answer.status)\(Self.hint(answer.status))")
            }
        }
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 300..<400: ", which leads elsewhere: write that address"
        case 401, 403: ": look at 'headers_file'"
        case 404, 405: ": look at the path of 'url'"
        default: ""
        }
    }
}
