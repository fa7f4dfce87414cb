import Foundation

/// A line of an edge's log that is no record of a connection: something that an operator is told.
package struct SaidLine: Decodable, Sendable {
    package let event: String
    package let message: String
    package let upstream: String?
    package let ports: [UInt16]?
    package let verdict: String?
    package let standing: String?
    private let change: String?

    /// What every start and end says.
    private static let usual: Set = ["listening", "address_missing", "resolved", "draining", "stopped"]
    private static let usualOfTailnet: Set = ["tailscaled_state", "own_addresses"]

    /// All of them so far, in their order, but for what every edge says.
    package static func all(of process: ChildProcess) -> [SaidLine] {
        let text = process.output.text
        // Without a last line that is being written just now.
        let whole = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
        return whole.split(separator: "\n")
            .compactMap { try? JSONDecoder().decode(SaidLine.self, from: Data($0.utf8)) }
            .filter { !usual.contains($0.event) && !usualOfTailnet.contains($0.change ?? "") }
    }
}

extension SaidLine {
    /// What a line has to be.
    package struct Pattern: Sendable, CustomStringConvertible {
        private let event: String
        /// The verdict, or the standing.
        private let word: String?
        private let ports: Set<UInt16>
        private let texts: [String]

        /// - Parameter texts: what has to stand in it.
        package static func verdict(_ word: String, on ports: [UInt16], _ texts: String...) -> Pattern {
            Pattern(event: "verdict", word: word, ports: Set(ports), texts: texts)
        }

        package static func healthy(on ports: [UInt16], _ texts: String...) -> Pattern {
            Pattern(event: "health", word: "healthy", ports: Set(ports), texts: texts)
        }

        package static func unhealthy(on ports: [UInt16]) -> Pattern {
            Pattern(event: "health", word: "unhealthy", ports: Set(ports), texts: [])
        }

        package static func event(_ name: String, _ texts: String...) -> Pattern {
            Pattern(event: name, word: nil, ports: [], texts: texts)
        }

        func matches(_ line: SaidLine) -> Bool {
            line.event == event && word.map { $0 == (event == "health" ? line.standing : line.verdict) } ?? true
                && Set(line.ports ?? []) == ports && texts.allSatisfy { line.message.contains($0) }
        }

        package var description: String {
            ([event, word ?? "", "\(ports.sorted())"] + texts).joined(separator: " ")
        }
    }
}
