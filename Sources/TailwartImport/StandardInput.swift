import Glibc

/// What another program pipes into this one.
package enum StandardInput {
    package enum Failure: Error, CustomStringConvertible {
        case unreadable(code: CInt)

        package var description: String {
            switch self {
            case .unreadable(let code): "standard input cannot be read: \(String(cString: strerror(code)))."
            }
        }
    }

    /// Bytes of one text; the readers of policies and of configurations take as many, and say what is wrong with more.
    package static let byteLimit = 1 << 20

    /// Reads to the end, or a little further than ``byteLimit``.
    package static func read() throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= byteLimit {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(code: errno)
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
