import CTailwartLinux
import Glibc

/// A pipe that bytes are spliced through; both ends non-blocking.
package struct Pipe: ~Copyable, Sendable {
    private var reader: Descriptor
    private var writer: Descriptor
    /// What the kernel granted. A pipe can hold more, since a spliced segment rides in one slot whatever its size: never
    /// assert against this.
    package let capacity: Int

    /// Nil when descriptors have run out.
    ///
    /// - Parameter wanted: bytes; over the user's limit (`fs.pipe-user-pages-soft`, pipe(7)) the kernel's default stands, or two pages.
    package init?(capacity wanted: Int) {
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            tw_pipe2(bytes.baseAddress?.assumingMemoryBound(to: CInt.self), O_NONBLOCK | O_CLOEXEC)
        }
        guard result == 0 else { return nil }
        if fcntl(ends.1, tw_f_setpipe_sz, CInt(wanted)) < 0 {
            // EPERM or EBUSY: smaller batches, the same bytes.
        }
        capacity = Int(fcntl(ends.1, tw_f_getpipe_sz))
        reader = Descriptor(owning: ends.0)
        writer = Descriptor(owning: ends.1)
    }

    /// Moves what the socket has into the pipe, up to its capacity.
    package borrowing func fill(from socket: Socket) -> IOResult {
        let (from, to, length) = (socket.raw, writer.raw, capacity)
        return IOResult.of { tw_splice(from, nil, to, nil, UInt(length), tw_splice_move | tw_splice_nonblock) }
    }

    /// Moves up to `count` bytes from the pipe into the socket.
    package borrowing func flush(_ count: Int, into socket: Socket) -> IOResult {
        let (from, to) = (reader.raw, socket.raw)
        return IOResult.of { tw_splice(from, nil, to, nil, UInt(count), tw_splice_move | tw_splice_nonblock) }
    }

    /// The number of its descriptor with the higher one.
    package var highest: CInt { max(reader.raw, writer.raw) }

    package mutating func close() {
        reader.close()
        writer.close()
    }
}
