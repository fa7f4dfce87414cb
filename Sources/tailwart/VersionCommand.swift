import ArgumentParser
import Foundation

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
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(version), as: UTF8.self))
    }
}
