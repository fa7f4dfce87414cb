import TailwartClient
package import TailwartCore
package import TailwartSystem
import TailwartWire

/// Delivers notices: to a command on its standard input, or to a server by a POST. What it is given it delivers once, and says why it could
/// not; who tries again is ``Notices``.
package final class NoticeSender: Sendable {
    /// For a command, or for a server with all of its addresses.
    private static let limit = Duration.seconds(30)
    /// Characters of what a command says that are kept in the log.
    private static let shownOutput = 300

    private let web = WebClient()
    /// Rung when commands are to end at once.
    private let stopped: Waker

    package init() throws(SystemError) {
        stopped = try Waker()
    }

    /// Ends commands that run; what is under way in a task ends with that.
    package func stop() { stopped.ring() }

    /// - Parameter edge: what the edge calls itself.
    /// - Returns: why it did not arrive, as a sentence without a full stop; nil if it did.
    package func send(_ notice: Notice, by messenger: Messenger, edge: String) async -> String? {
        let body = Array("\(notice.json(edge: edge, version: Version.current.version))\n".utf8)
        switch messenger.way {
        case .command(let words): return await run(words, body)
        case .post(let url): return await post(body, to: url, messenger)
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

    private func post(_ body: [UInt8], to url: NoticeURL, _ messenger: Messenger) async -> String? {
        var fields = [
            ("Content-Type", "application/json"), ("User-Agent", "tailwart/\(Version.current.version)"),
            ("Accept", "*/*"),
        ]
        do {
            if let file = messenger.headersFile { fields += try HeadersFile.read(file) }
            let question = HTTPQuestion(url.target, method: "POST", host: url.hostField, fields: fields, body: body)
            let answer = try await web.ask(
                question, of: url, trustRoots: messenger.trustRoots,
                within: WebClient.Limits(time: Self.limit, isStatusEnough: true))
            guard (200..<300).contains(answer.status) else {
                return "\(url.origin) answers with \(answer.status)\(Self.hint(answer.status))"
            }
            return nil
        } catch {
            return "\(error)"
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
