import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct BanCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban",
        abstract: "Ban a network, lift a ban, list bans, or say why an address is banned.",
        discussion: """
            Example: tailwart ban add 203.0.113.7 --for 1d --reason "guesses passwords"
            Example: tailwart ban remove 203.0.113.7
            Example: tailwart ban list
            Example: tailwart ban why 203.0.113.7
            Both `add` and `remove` take effect in the running edge at once. `why` says what is known about one address.
            Exit codes: 0 when it is done, also if there was no ban to remove, 3 if no edge answers.
            """)

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case add, remove, list, why
    }

    @Argument(help: "What to do.")
    var action: Action

    @Argument(
        help: "With add and remove: an address or a network. With why: an address.", completion: .bannedNetworks)
    var network: String?

    @OptionGroup var edge: EdgeOptions

    @Option(
        name: .customLong("for"),
        help: .init("With add: how long, from 1m to 30d. Default: until it is removed.", valueName: "duration"))
    var time: Limit?

    @Option(help: .init("With add: the reason, shown by list and why.", valueName: "text"))
    var reason: String?

    @Option(
        help: .init(
            "With remove: only bans of this source: manual, strikes or webhook. Default: all of them.",
            valueName: "layer"), completion: .list(BanLayer.allCases.filter { !$0.isRepeated }.map(\.rawValue)))
    var layer: String?

    @Option(help: .init("With list: at most so many.", valueName: "count"))
    var limit = 1000

    @Flag(help: .json("messages", "banned", "matching", "bans"))
    var json = false

    func validate() throws {
        switch action {
        case .list: if network != nil { throw ValidationError("list takes no network; see 'tailwart ban why'.") }
        case .add, .remove:
            guard let network, Network(network) != nil else {
                throw ValidationError("\(action.rawValue) takes an address or a network, such as 203.0.113.0/24.")
            }
        case .why:
            guard let network, IPAddress(network) != nil else {
                throw ValidationError("why takes an address, such as 203.0.113.7.")
            }
        }
        guard BanAnswer.limits.contains(limit) else {
            throw ValidationError("--limit: from \(BanAnswer.limits.lowerBound) to \(BanAnswer.limits.upperBound).")
        }
        if action != .add, time != nil || reason != nil { throw ValidationError("--for and --reason go with add.") }
        if let layer {
            guard action == .remove else { throw ValidationError("--layer goes with remove.") }
            guard let layer = BanLayer(rawValue: layer), !layer.isRepeated else {
                throw ValidationError("--layer is manual, strikes or webhook.")
            }
        }
    }

    func run() async throws {
        let answer = try await edge.ask(target, isOrder: action == .add || action == .remove)
        guard answer.status == 200, answer.json["bans"] != nil else { throw Failure.notDone(answer.problemText) }
        let text = BansText(answer.json)
        if json { print(answer.json) }
        for problem in text.problems { printError(problem) }
        if !json { for line in action == .list ? text.list : text.sentences { print(line) } }
    }

    private var target: String {
        let network = network?.queryEncoded ?? ""
        return switch action {
        case .add:
            "/bans/add?network=\(network)"
                + (time.map { "&for=\($0.duration.configurationText.queryEncoded)" } ?? "")
                + (reason.map { "&reason=\($0.queryEncoded)" } ?? "")
        case .remove: "/bans/remove?network=\(network)" + (layer.map { "&layer=\($0)" } ?? "")
        case .list: "/bans?limit=\(limit)"
        case .why: "/bans/why?address=\(network)"
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { BanAnswer(problems: problems).answer }

    /// A duration as the configuration writes it, and in its range.
    struct Limit: ExpressibleByArgument {
        let duration: Duration

        init?(argument: String) {
            guard let duration = Duration(configurationText: argument), Allowed.banTime.contains(duration) else {
                return nil
            }
            self.duration = duration
        }
    }
}
