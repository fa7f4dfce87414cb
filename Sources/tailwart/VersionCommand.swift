import ArgumentParser
import TailwartControl
import TailwartWire

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Version, commit, Swift version, features.",
        discussion: "Example: tailwart version --json")

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        print(json ? "\(Version.current.json)" : Version.current.text)
    }
}
