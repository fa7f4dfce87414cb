import Foundation
import Synchronization
import TailwartTesting

/// Reads a pipe from now on, on a thread of its own: a handler of Foundation's missed the end once in some hundred runs.
final class TextFromPipe: Sendable {
    private let state = Mutex((bytes: Data(), isAtEnd: false))

    init(_ pipe: Pipe) {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        Thread.detachNewThread { [self] in
            // The pipe is kept open until its end was read.
            defer { withExtendedLifetime(pipe) {} }
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                state.withLock { $0.bytes += buffer.prefix(count) }
            }
            state.withLock { $0.isAtEnd = true }
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
