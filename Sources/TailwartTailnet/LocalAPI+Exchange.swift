import Glibc
import NIOCore
import TailwartClient
import TailwartWire

extension LocalAPI {
    /// Bytes kept of the body of an answer that is an error.
    static let maximumErrorText = 200

    /// One question over a connection of its own; given up if the task is cancelled.
    ///
    /// - Parameter timeout: for all of it; the connection is closed then, whatever the other side does.
    func exchange(
        _ method: String, _ uri: String, timeout: Duration, over group: any EventLoopGroup
    ) async throws(LocalAPIError) -> ByteBuffer {
        let connection = try await connect(within: timeout, over: group)
        defer { connection.abort() }
        // The one host name that tailscaled takes; no Origin and no Referer, which it refuses as a browser's.
        var question = HTTPQuestion(uri, method: method, host: "local-tailscaled.sock")
        if method == "POST" { question.fields.append(("Content-Length", "0")) }
        let result: HTTPAnswer?
        do {
            result = try await withTaskCancellationHandler {
                try await connection.ask(question)
            } onCancel: {
                connection.abort()
            }
        } catch {
            if Task.isCancelled { throw .givenUp }
            switch error as? ConnectionEnd {
            case .deadline?: throw .timedOut(timeout)
            case .tooMuch?: throw .tooLong(limit: Self.maximumAnswer)
            case .closed?: throw .badAnswer("the connection ended before the answer did")
            default: throw .badAnswer("\(error)".printable(atMost: Self.maximumErrorText))
            }
        }
        if Task.isCancelled { throw .givenUp }
        guard let answer = result else { throw .badAnswer("it is not HTTP, or breaks off") }
        guard answer.status != 200 else { return answer.body }
        // Nothing was asked that could turn into another protocol.
        let beginning = answer.body.getSlice(
            at: answer.body.readerIndex, length: min(answer.body.readableBytes, Self.maximumErrorText))
        let text =
            String(buffer: beginning ?? ByteBuffer()).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        throw .status(answer.status, text.printable(atMost: Self.maximumErrorText))
    }

    private func connect(
        within timeout: Duration, over group: any EventLoopGroup
    ) async throws(LocalAPIError) -> ClientConnection {
        do {
            return try await ClientConnection.open(
                to: SocketAddress(unixDomainSocketPath: socket), patience: .until(.now() + TimeAmount(timeout)),
                limits: .init(line: 0, total: Self.maximumAnswer), group: group.any())
        } catch {
            if Task.isCancelled { throw .givenUp }
            if case ChannelError.connectTimeout = error { throw .timedOut(timeout) }
            throw connectError(error)
        }
    }

    private func connectError(_ error: any Error) -> LocalAPIError {
        guard let error = error as? IOError else {
            return .notUsable(socket, reason: "\(error)".printable(atMost: Self.maximumErrorText))
        }
        return switch error.errnoCode {
        case ENOENT: .socketMissing(socket)
        case EACCES, EPERM: .notPermitted(socket)
        case ECONNREFUSED: .refused(socket)
        default: .notUsable(socket, reason: String(cString: strerror(error.errnoCode)))
        }
    }
}

extension LocalAPIError {
    fileprivate static let givenUp = LocalAPIError.badAnswer("the question was given up")
}
