/// The client's side of `POST /localapi/v0/dial`, by which tailscaled connects to a host of the tailnet and hands its stream over on
/// the same socket: in userspace mode too, and without a port that anybody else could use.
///
/// Request → `101 Switching Protocols` → the stream. tailscaled resolves the name and races its addresses.
package enum TailscaleDial {
    /// Bytes of the longest request: the fixed lines, a name, a port.
    package static let maximumRequestLength = 256 + InlineBytes.capacity
    /// An answer whose head is longer than this is not tailscaled's.
    package static let maximumHeadLength = 4096

    /// Writes the request; answers its length, at most ``maximumRequestLength``.
    ///
    /// The host name `local-tailscaled.sock` is the only one that tailscaled takes.
    package static func writeRequest(
        host: InlineBytes, port: UInt16, into memory: inout MutableSpan<UInt8>
    ) -> Int {
        var offset = 0
        write("POST /localapi/v0/dial HTTP/1.1\r\nHost: local-tailscaled.sock\r\n", into: &memory, at: &offset)
        write("Connection: upgrade\r\nUpgrade: ts-dial\r\nContent-Length: 0\r\nDial-Host: ", into: &memory, at: &offset)
        write(host, into: &memory, at: &offset)
        write("\r\nDial-Port: ", into: &memory, at: &offset)
        write(UInt32(port), radix: 10, into: &memory, at: &offset)
        write("\r\n\r\n", into: &memory, at: &offset)
        return offset
    }

    /// Reads the answer's head; found is its length, and what follows is the upstream's.
    package static func parseAnswer(_ bytes: Span<UInt8>) -> ParseOutcome<Int, TailscaleDialError> {
        guard let status = status(bytes) else { return bytes.count < statusLineLength ? .needMore : .invalid(.notHTTP) }
        guard let end = endOfHead(bytes) else {
            return bytes.count < maximumHeadLength ? .needMore : .invalid(.notHTTP)
        }
        switch status {
        case 101: return .found(end)
        // "Dial it yourself": the host is not on the tailnet.
        case 200: return .invalid(.notOnTailnet)
        default: return .invalid(.refused(status: status))
        }
    }

    /// Bytes of `HTTP/1.1 101`.
    private static let statusLineLength = 12

    private static func status(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= statusLineLength else { return nil }
        var position = 0
        for expected in "HTTP/1.".utf8 {
            guard bytes[position] == expected else { return nil }
            position += 1
        }
        guard bytes[8] == UInt8(ascii: " ") else { return nil }
        var status = 0
        for index in 9..<statusLineLength {
            guard bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") else { return nil }
            status = status * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return status
    }

    /// Just behind the empty line.
    private static func endOfHead(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<min(bytes.count, maximumHeadLength) where bytes[index] == 10 && bytes[index - 2] == 10 {
            if bytes[index - 1] == 13, bytes[index - 3] == 13 { return index + 1 }
        }
        return nil
    }
}

/// Why tailscaled did not hand over a stream.
package enum TailscaleDialError: Error, Sendable, Equatable {
    case notHTTP
    /// tailscaled has no way there: the name is unknown, or the tailnet's policy forbids it.
    case refused(status: Int)
    /// The host is not on the tailnet; tailscaled dials nothing else.
    case notOnTailnet
}
