import Glibc
import Synchronization
package import TailwartSystem
import TailwartTailnet

/// Keeps a command as its child: does what a ``Watch`` says, and tells it of the gate, signals, interfaces and tailscaled.
package final class WatchRunner: Sendable {
    /// A process with the id 1 inherits all whose parent has ended; so the end of any process is looked at.
    private static let signals = Watch.passedOn + [SIGCHLD]
    private static let patience = Duration.seconds(5)

    private let command: [String]
    private let localAPI: LocalAPI?
    private let say: @Sendable (String) -> Void
    private let waker: Waker
    private let news = Mutex<[Result<Watch.Event, any Error>]>([])

    /// To be called first, before any thread is made: see ``Signals/block(_:)``.
    package static func prepare() { Signals.block(signals) }

    /// - Parameters:
    ///   - command: its first word is found on the `PATH` if it has no slash.
    ///   - tailnet: by which tailscaled is asked; nil: the interfaces alone are looked at.
    ///   - say: takes a line for a person.
    package init(
        _ command: [String], tailnet check: ConditionCheck?, say: @escaping @Sendable (String) -> Void
    ) throws(SystemError) {
        self.command = command
        localAPI = check?.localAPI
        self.say = say
        waker = try Waker()
    }

    /// - Parameter opened: returns when all conditions hold.
    /// - Returns: the exit code.
    /// - Throws: what `opened` throws; a ``ReplacementFailure`` if the command cannot be run; a ``SystemError``.
    package func run(opened: @escaping @Sendable () async throws -> Void) async throws -> Int32 {
        let opening = Task {
            do {
                try await opened()
                tell(.success(.opened))
            } catch {
                tell(.failure(error))
            }
        }
        defer { opening.cancel() }
        return try await Thread.run(name: "watch") { Result { try self.watch() } }.get()
    }

    private func tell(_ event: Result<Watch.Event, any Error>) {
        news.withLock { $0.append(event) }
        waker.ring()
    }

    private func watch() throws -> Int32 {
        var inbox = try SignalInbox(Self.signals)
        defer { inbox.close() }
        var watch = Watch(asksTailscaled: localAPI != nil, now: Clock.monotonic())
        var child: Int32?
        while true {
            var events: [Watch.Event] = []
            switch inbox.wait(until: watch.deadline, or: waker) {
            case .signal(SIGCHLD): events = Spawn.reap(awaiting: child).map { [.ended($0)] } ?? []
            case .signal(let number): events = [.signal(number)]
            case .rung:
                let news = self.news.withLock { news in
                    defer { news = [] }
                    return news
                }
                events = try news.map { try $0.get() }
            case .time: events = [.looked(InterfaceAddresses.all())]
            }
            for event in events {
                for effect in watch.take(event, now: Clock.monotonic()) {
                    switch effect {
                    case .start: child = try start()
                    // Not yet waited for, so the id is still the command's.
                    case .pass(let number): if let child { kill(child, number) }
                    case .ask: ask()
                    case .say(let text): say(text)
                    case .exit(let code): return code
                    }
                }
            }
        }
    }

    private func start() throws(ReplacementFailure) -> Int32 {
        let name = command.first ?? ""
        do throws(SystemError) {
            return try Spawn.start(
                name, Array(command.dropFirst()), input: STDIN_FILENO, output: STDOUT_FILENO, errors: STDERR_FILENO)
        } catch {
            throw ReplacementFailure(command: name, errno: error.errno)
        }
    }

    private func ask() {
        guard let localAPI else { return }
        Task {
            let status = try? await localAPI.status(timeout: Self.patience)
            tell(.success(.tailnet(status?.backendState == .running ? status?.ownAddresses ?? [] : [])))
        }
    }
}
