import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Version, commit, Swift version, features.",
        discussion: "Example: tailwart version --json")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let version = Version.current
        guard json else {
            print(version.line)
            print("features: \(version.features.joined(separator: " "))")
            return
        }
        print(version.json)
    }
}
