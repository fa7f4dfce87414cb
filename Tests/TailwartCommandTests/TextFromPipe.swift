import Foundation
import Synchronization
import TailwartTesting

/// Reads a pipe from now on, on a thread of its own.
final class TextFromPipe: Sendable {
    private let state = Mutex((bytes: Data(), isAtEnd: false))

    init(_ pipe: sending Pipe) {
        let handle = pipe.fileHandleForReading
        handle.readabilityHandler = { [weak self] handle in
            let bytes = handle.availableData
            self?.state.withLock { state in
                state.bytes += bytes
                state.isAtEnd = bytes.isEmpty
            }
            if bytes.isEmpty { handle.readabilityHandler = nil }
        }
    }

    /// So far.
    var whole: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// Waits until the writer has closed it.
    func untilEnd() async throws -> String {
        try await eventually("the pipe's writer closes it") { state.withLock { $0.isAtEnd } ? true : nil }
        return whole
    }
}
