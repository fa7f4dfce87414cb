import ArgumentParser
import TailwartAdmin
import TailwartConfig
import TailwartCore
import TailwartSystem
import TailwartWire

/// Which running edge a command asks, and how.
struct EdgeOptions: ParsableArguments {
    static let variable = "TAILWART_ADMIN_SOCKET"

    @Option(
        help: .init(
            "The admin socket of the running edge. Default: $\(EdgeOptions.variable), then the one in the configuration file.",
            valueName: "path"), completion: .file())
    var socket: String?

    @OptionGroup var configuration: ConfigurationOptions

    /// The socket that the environment names; nil: none.
    static var named: String? { FileSystem.environment[variable].flatMap { $0.isEmpty ? nil : $0 } }

    /// - Throws: ``Failure`` 3 where the edge has none.
    func path() throws -> String {
        let environment = FileSystem.environment
        if let socket { return socket }
        if let named = Self.named { return named }
        // No file, or one that is being edited just now, does not keep an operator from looking.
        guard let file = try? ConfigurationFile.find(named: configuration.path, environment: environment),
            let bytes = try? ConfigurationFile.read(file),
            let settings = Configuration.load(bytes: bytes, file: file, environment: environment).configuration
        else { return Defaults.adminSocket }
        guard let path = settings.admin.path else {
            throw Failure.notDone(
                "\(file): 'admin.socket' is off, so this edge cannot be queried. Remove that, and restart the edge.",
                file: file)
        }
        return path
    }

    /// Asks, or gives an order.
    ///
    /// - Returns: the answer, good or not.
    /// - Throws: ``Failure`` 3 where there is none.
    func ask(
        _ target: String, isOrder: Bool = false, within time: Duration = .seconds(15)
    ) async throws -> AdminClient.Answer {
        let path = try path()
        do throws(AdminClient.Failure) {
            return try await AdminClient(path: path).ask(target, isOrder: isOrder, within: time)
        } catch {
            throw Failure.notDone(error.sentence(path))
        }
    }

    /// Gives an order and says what came of it.
    ///
    /// - Throws: ``Failure`` 1 where it was not possible, 3 where it was not allowed, or could not be asked for.
    func order(_ target: String) async throws {
        let answer = try await ask(target, isOrder: true)
        if answer.status == 200 { return print(answer.json["message"]?.text?.printable ?? "done") }
        throw answer.status == 404 || answer.status == 409
            ? Failure.notGood(answer.problemText) : Failure.notDone(answer.problemText)
    }
}

extension AdminClient.Failure {
    fileprivate func sentence(_ path: String) -> String {
        switch self {
        case .missing:
            "No edge answers at \(path): there is no such socket. Start one with 'tailwart run', or name its socket with "
                + "--socket."
        case .abandoned:
            "No edge answers at \(path): the one that made this socket is gone. Start one with 'tailwart run'."
        case .notPermitted(let group):
            "This user may not use the admin socket \(path). Become root"
                + (group.map { ", or join the group \($0): sudo usermod -aG \($0) \"$USER\", and log in anew." } ?? ".")
        case .silent(let time):
            "The edge at \(path) did not answer within \(time.configurationText). See its log."
        case .closed:
            "The edge at \(path) closed the connection before it had answered. If it was stopped meanwhile, that is why; else see its log."
        case .notUnderstood(let why): "The answer at \(path) is not understood: \(why). Is it the socket of an edge?"
        }
    }
}

extension AdminClient.Answer {
    /// What the edge says is wrong, for a person.
    var problemText: String {
        let problems = json["problems"]?.list ?? []
        let lines = problems.map { problem in
            [problem["message"]?.text, problem["fix"]?.text].compactMap { $0?.printable }.joined(separator: ". ")
        }
        return lines.isEmpty ? "the edge answered \(status)" : lines.joined(separator: "\n")
    }
}
