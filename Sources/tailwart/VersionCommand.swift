import ArgumentParser
import TailwartControl
import TailwartCore

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version, the commit, and what this build can do.",
        discussion: "Example: tailwart version --json")

    @Flag(help: .json("version", "commit", "swift", "features"))
    var json = false

    func run() {
        print(json ? "\(Version.current.answer)" : Version.current.text)
    }
}
