import CTailwartVersion
package import TailwartCore
import TailwartWire

/// What this program is.
package struct Version: Sendable {
    package let version: String
    let commit: String
    let swift: String
    let features: [String]

    package static let current = Version(
        version: "0.1.0", commit: String(cString: tailwart_commit()), swift: compiler,
        features: [
            "acl", "gate", "health", "import", "proxy-protocol-v1", "proxy-protocol-v2", "refusals",
            "server-name-routing", "socks5", "splice", "tailscale", "try", "warm",
        ])

    /// Of the compiler that built this, as far as the language lets a program ask.
    private static var compiler: String {
        #if compiler(>=6.5)
            "6.5 or newer"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    package var answer: CommandAnswer {
        CommandAnswer(
            isGood: true, problems: [],
            [
                "version": .text(version), "commit": .text(commit), "swift": .text(swift),
                "features": .texts(features),
            ])
    }

    /// For a person.
    package var text: String { "\(line)\nfeatures: \(features.joined(separator: " "))" }

    package var line: String { "tailwart \(version) (commit \(commit), Swift \(swift))" }
}
