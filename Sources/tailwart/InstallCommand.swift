import ArgumentParser
import Glibc
import TailwartConfig
import TailwartControl
import TailwartCore
import TailwartSetup
import TailwartSystem
import TailwartWire

struct InstallCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install this program as a service, or remove it.",
        discussion: """
            Example: tailwart install --dry-run
            Example: sudo tailwart install
            Example: sudo tailwart install --uninstall
            Copies the program to /usr/local/bin, and adds the user, the systemd unit, folders, kernel settings, completions and \
            manual pages. Prints each step, and how to undo it. A second run changes nothing; a newer program updates the files, and \
            no connection is refused meanwhile. If a package has installed tailwart, nothing is changed.
            Exit codes: 0 when all is done, 1 if a step failed, 3 if nothing was done.
            """)

    @Flag(help: "Remove what it installed. The configuration, the bans and the user stay.")
    var uninstall = false

    @Flag(help: "Print what would be done, and change nothing.")
    var dryRun = false

    @Option(
        help: .init(
            "Install into the system below this folder, such as an image; nothing is started.", valueName: "folder"),
        completion: .directory)
    var root = "/"

    @Flag(help: .json("changes", "steps"))
    var json = false

    func validate() throws {
        if root.isEmpty {
            throw ValidationError("--root names no folder; name one, or leave --root out for this host.")
        }
    }

    func run() async throws {
        guard dryRun || root != "/" || geteuid() == 0 else {
            throw Failure.notDone(
                "Only root may do this: sudo \(CommandLine.arguments.joined(separator: " "))\n"
                    + "With --dry-run it says what it would do.")
        }
        // Others read what it writes, whatever this shell usually keeps from them.
        umask(0o022)
        let installation: Installation
        let steps: [Installation.Step]
        do throws(Installation.Problem) {
            installation = Installation(root: root, files: uninstall ? [] : try files())
            steps = try uninstall ? installation.removal() : installation.plan()
        } catch {
            throw Failure.notDone("\(error)")
        }
        var done: [Installation.Step] = []
        var failures: [String] = []
        for step in steps {
            if !dryRun {
                if step.mayTakeLong, Progress.isShown(json: json), let words = step.words {
                    Progress.say("\(words.planned): open connections have the time of 'drain' to finish")
                }
                switch await installation.take(step) {
                case .done: break
                case .none: continue
                case .failed(let why):
                    failures.append(why)
                    continue
                }
            }
            done.append(step)
            if !json, let words = step.words { StandardOutput.write(line: dryRun ? words.planned : words.done) }
        }
        if !failures.isEmpty {
            let fix = "Correct that and run the same again: what is done is not done twice."
            printError(failures.map { "not done: \($0)" }.joined(separator: "\n") + "\n\(fix)")
            if json {
                let problems = failures.map { CommandAnswer.Problem(.error, $0, fix: fix) }
                print(Installation.answer(isGood: false, problems, done, isPlan: dryRun, steps: []))
            }
            throw ExitCode(1)
        }
        if json {
            let left = uninstall || dryRun ? [] : next(installation, steps).map { [$0] } ?? []
            return print(Installation.answer(isGood: true, [], done, isPlan: dryRun, steps: left))
        }
        let hasChanges = steps.contains(where: \.isChange)
        print(uninstall ? afterRemoval(installation, hasChanges) : after(installation, steps))
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        Installation.answer(isGood: false, problems, [], isPlan: dryRun, steps: [])
    }

    private func files() throws(Installation.Problem) -> [HostFile] {
        let path = "/proc/self/exe"
        guard case .bytes(let program) = FileSystem.read(path, limit: 1 << 30) else {
            throw .unreadable(path, "this program does not find itself")
        }
        let date = FileSystem.environment["SOURCE_DATE_EPOCH"].flatMap { Int($0) }.map { UTCTime(seconds: $0).date }
        do {
            let pages = try ManualPage.all(
                help: Tailwart._dumpHelp(), schema: Configuration.schema, version: Version.current.version,
                date: date ?? "")
            return HostFiles.all(
                program: program,
                completions: (
                    Tailwart.completionScript(for: .bash), Tailwart.completionScript(for: .zsh),
                    Tailwart.completionScript(for: .fish)
                ), pages: pages)
        } catch {
            throw .unreadable("the list of commands", "\(error)")
        }
    }

    /// Where it goes on, and how to go back.
    private func after(_ installation: Installation, _ steps: [Installation.Step]) -> String {
        if !steps.contains(where: \.isChange) {
            return "All of it is here already; nothing \(dryRun ? "would be" : "was") changed."
        }
        guard !dryRun else { return "Nothing was changed. Run it without --dry-run to apply this." }
        let next =
            next(installation, steps).map { "Next: \($0)" }
            ?? (steps.contains(.restart)
                ? "An edge that was running goes on with the new program." : "It starts when that system boots.")
        // The host has it on the PATH now; what is below a folder is another system's.
        let undo =
            installation.root.isEmpty
            ? "tailwart install" : "\(CommandLine.arguments[0]) install --root \(installation.root)"
        let runtime =
            Self.needsRuntime
            ? ["This program needs the Swift runtime of this host; `make portable` makes one that needs nothing."] : []
        return (runtime + [next, "Undo: sudo \(undo) --uninstall"]).joined(separator: "\n")
    }

    /// What is left to do by hand; nil if nothing is, as after an update.
    private func next(_ installation: Installation, _ steps: [Installation.Step]) -> String? {
        if steps.contains(.restart) { return nil }
        if installation.hasConfiguration {
            return installation.root.isEmpty ? "sudo systemctl start tailwart" : nil
        }
        return "`tailwart init --form systemd` writes a configuration. Copy it to "
            + installation.place(HostFiles.configuration)
            + (installation.root.isEmpty
                ? ", then: sudo systemctl start tailwart" : "; the edge starts when that system boots.")
    }

    private func afterRemoval(_ installation: Installation, _ hasChanges: Bool) -> String {
        if !hasChanges { return "Nothing here was made by `tailwart install`, so nothing was removed." }
        guard !dryRun else { return "Nothing was changed. Run it without --dry-run to apply this." }
        var lines = ["Removed what `tailwart install` had made."]
        let left = installation.leftovers
        if !left.isEmpty {
            lines.append(
                "Kept: \(left.joined(separator: ", ")). To remove that too: sudo rm -r \(left.joined(separator: " "))")
        }
        if installation.hasUser {
            lines.append("Kept: the user tailwart, so that nobody else gets its number, and with it its files.")
        }
        return lines.joined(separator: "\n")
    }

    /// Whether the libraries of a toolchain are loaded, as in a build for this machine alone.
    private static var needsRuntime: Bool {
        guard case .bytes(let maps) = FileSystem.read("/proc/self/maps", limit: 1 << 20) else { return false }
        return String(decoding: maps, as: UTF8.self).contains("/libswiftCore.so")
    }
}
