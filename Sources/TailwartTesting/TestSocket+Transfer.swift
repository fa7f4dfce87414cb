import Glibc
import TailwartSystem

/// How the other side ended its stream.
package enum StreamEnd: Equatable, Sendable {
    /// In order (FIN).
    case finished
    case reset
}

extension TestSocket {
    /// Sends all of the bytes.
    package func send(_ bytes: some Collection<UInt8>) throws {
        var sent = 0
        let all = ContiguousArray(bytes)
        while sent < all.count {
            switch offer(all, from: sent) {
            case .count(let count): sent += count
            case .wouldBlock:
                guard wait(for: POLLOUT) else { throw TestFailure.tookTooLong("sent \(sent) of \(all.count) bytes") }
            case .failed(let error): throw error
            }
        }
    }

    /// One segment for each byte, as far as that is in a sender's hands.
    package func dribble(_ bytes: some Collection<UInt8>) throws {
        for byte in bytes { try send(CollectionOfOne(byte)) }
    }

    /// Sends the bytes over and over until the kernel has taken none for `quiet` milliseconds.
    ///
    /// - Parameter limit: gives up after about so many bytes, as nothing seems to stop them.
    /// - Returns: how many it took; they are `bytes` repeated and cut somewhere.
    package func fill(with bytes: [UInt8], upTo limit: Int = 256 * 1024 * 1024, quiet: CInt = 300) throws -> Int {
        let all = ContiguousArray(bytes)
        var sent = 0
        while sent < limit {
            switch offer(all, from: sent % all.count) {
            case .count(let count): sent += count
            case .wouldBlock:
                guard wait(for: POLLOUT, milliseconds: quiet) else { return sent }
            case .failed(let error): throw error
            }
        }
        return sent
    }

    /// Sends a byte out of band.
    package func sendUrgent(_ byte: UInt8) throws {
        var byte = byte
        guard Glibc.send(socket.raw, &byte, 1, CInt(MSG_OOB | MSG_NOSIGNAL)) == 1 else {
            throw TestFailure(call: "send MSG_OOB")
        }
    }

    /// Sends the bytes and the end in one segment.
    package func finish(with bytes: [UInt8]) throws {
        guard Glibc.send(socket.raw, bytes, bytes.count, CInt(MSG_MORE | MSG_NOSIGNAL)) == bytes.count else {
            throw TestFailure(call: "send MSG_MORE")
        }
        finish()
    }

    /// Waits for bytes.
    ///
    /// - Returns: at most `maximum` of them, none at the end.
    package func receive(atMost maximum: Int = 64 * 1024) throws -> [UInt8] {
        while true {
            var answer = IOResult.wouldBlock
            let bytes = [UInt8](unsafeUninitializedCapacity: maximum) { buffer, count in
                answer = socket.receive(UnsafeMutableRawBufferPointer(buffer))
                if case .count(let read) = answer { count = read }
            }
            switch answer {
            case .count: return bytes
            case .wouldBlock: guard wait(for: POLLIN) else { throw TestFailure.tookTooLong("receive") }
            case .failed(let error): throw error
            }
        }
    }

    /// Waits for exactly `count` bytes.
    package func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let more = try receive(atMost: min(count - bytes.count, 1024 * 1024))
            guard !more.isEmpty else { throw TestFailure("the stream ended after \(bytes.count) of \(count) bytes") }
            bytes += more
        }
        return bytes
    }

    /// Waits for the end of a line, or of the stream; what comes with it is in it.
    package func receiveLine() throws -> String {
        var bytes: [UInt8] = []
        while bytes.last != UInt8(ascii: "\n") {
            let more = try receive()
            if more.isEmpty { break }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads until the stream ends.
    package func receiveToEnd() throws -> (bytes: [UInt8], end: StreamEnd) {
        var bytes: [UInt8] = []
        do {
            while true {
                let more = try receive(atMost: 1024 * 1024)
                if more.isEmpty { return (bytes, .finished) }
                bytes += more
            }
        } catch let error as Errno where error == .connectionReset {
            return (bytes, .reset)
        }
    }

    private func offer(_ bytes: ContiguousArray<UInt8>, from start: Int) -> IOResult {
        bytes.withUnsafeBytes { socket.send(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}
