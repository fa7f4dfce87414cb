import Foundation
import Synchronization

import enum TailwartSystem.Spawn

/// Ends the servers if the tests themselves are interrupted or crash: a shell that learns every process id and acts when
/// its standard input comes to its end.
package final class Warden: Sendable {
    package static let shared = Warden()

    private static let script = """
        running=
        while read -r mark id; do
            case $mark in
            +) running="$running $id" ;;
            -) left=; for one in $running; do [ "$one" = "$id" ] || left="$left $one"; done; running=$left ;;
            esac
        done
        for one in $running; do kill -TERM "-$one"; done 2>/dev/null
        [ -z "$running" ] || sleep 2
        for one in $running; do kill -KILL "-$one"; done 2>/dev/null
        """

    /// Its writing end closes with the tests' process, by whatever way that ends.
    private let input = Mutex(Pipe())

    private init() {
        input.withLock { input in
            let reading = input.fileHandleForReading
            _ = try? Spawn.start("sh", ["-c", Self.script], input: reading.fileDescriptor)
            try? reading.close()
        }
    }

    package func watch(_ id: Int32) { tell("+ \(id)\n") }
    package func forget(_ id: Int32) { tell("- \(id)\n") }

    private func tell(_ line: String) {
        input.withLock { try? $0.fileHandleForWriting.write(contentsOf: Data(line.utf8)) }
    }
}
