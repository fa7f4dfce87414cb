import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct ConnectionsCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "List open connections, or close one.",
        discussion: """
            Example: tailwart connections --client 203.0.113.0/24 --sort bytes
            Example: tailwart connections close 00f1e2d3c4b5a697
            Exit codes: 0 if they are listed or it is closed, 1 if the connection to close does not exist, 3 if no edge answers.
            """)

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case close
    }

    @Argument(help: "Leave it out for the list.")
    var action: Action?

    @Argument(
        help: "With close: the id of the connection, from the list or the log.", completion: .openConnections)
    var id: String?

    @OptionGroup var edge: EdgeOptions

    @Option(help: .init("Only from this address or network.", valueName: "network"))
    var client: String?

    @Option(help: .init("Only of this listener.", valueName: "name"), completion: .listeners)
    var listener: String?

    @Option(help: "Which come first: the oldest, or those with the most bytes.")
    var sort: ConnectionFilter.Order = .age

    @Option(help: .init("List at most so many.", valueName: "count"))
    var limit = 100

    @Flag(help: .json("matching", "connections"))
    var json = false

    func validate() throws {
        guard client.map({ Network($0) != nil }) ?? true else {
            throw ValidationError("--client: write an address or a network, such as 203.0.113.0/24.")
        }
        guard ConnectionList.limits.contains(limit) else {
            throw ValidationError(
                "--limit: from \(ConnectionList.limits.lowerBound) to \(ConnectionList.limits.upperBound).")
        }
        guard (action == .close) == (id != nil) else {
            throw ValidationError("close takes the id of a connection; see 'tailwart connections'.")
        }
        guard id.map({ RecordID.read($0) != nil }) ?? true else {
            throw ValidationError("An id has \(RecordID.length) hexadecimal digits; see 'tailwart connections'.")
        }
        if action != nil, json { throw ValidationError("--json goes with the list.") }
    }

    func run() async throws {
        if let id { return try await edge.order("/connections/\(id)/close") }
        let answer = try await edge.ask(target)
        guard answer.status == 200 else { throw Failure.notDone(answer.problemText) }
        if json { return print(answer.json) }
        let text = ConnectionsText(answer.json)
        for problem in text.problems { printError(problem) }
        for line in text.lines { print(line) }
    }

    private var target: String {
        var parts = ["limit=\(limit)", "sort=\(sort.rawValue)"]
        if let client { parts.append("client=\(client.queryEncoded)") }
        if let listener { parts.append("listener=\(listener.queryEncoded)") }
        return "/connections?\(parts.joined(separator: "&"))"
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { ConnectionList.answer(problems: problems) }
}

extension ConnectionFilter.Order: ExpressibleByArgument {}
