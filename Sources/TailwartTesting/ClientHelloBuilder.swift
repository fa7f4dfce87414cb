/// Builds the bytes of a TLS ClientHello as a client would send them, whole or cut into records of any size.
///
/// The defaults look like a TLS 1.3 client with GREASE (RFC 8701). Everything a test may want to get wrong is a
/// variable: extensions can be replaced by raw ones, and the message can be changed before ``records(_:lengths:)``
/// wraps it.
package struct ClientHelloBuilder: Sendable {
    package struct Extension: Sendable {
        package var type: UInt16
        package var body: [UInt8]

        package init(_ type: UInt16, _ body: [UInt8]) {
            self.type = type
            self.body = body
        }
    }

    package var serverName: String?
    package var alpn: [String]
    package var sessionID = [UInt8](repeating: 0x5e, count: 32)
    package var cipherSuites: [UInt16] = [0x2a2a, 0x1301, 0x1302, 0xc02b]
    package var compressionMethods: [UInt8] = [0]
    /// Behind the server name and the ALPN list; empty and without those, the message ends without an extension block.
    package var otherExtensions: [Extension] = [
        Extension(0x3a3a, []), Extension(0x002b, [2, 3, 4]), Extension(0x4a4a, [0]),
    ]
    /// Bytes of the message behind its 4 byte head, reached with a padding extension (RFC 7685) if it is shorter and
    /// the padding fits.
    package var paddedLength: Int?

    package init(serverName: String? = nil, alpn: [String] = [], paddedLength: Int? = nil) {
        self.serverName = serverName
        self.alpn = alpn
        self.paddedLength = paddedLength
    }

    /// The handshake message with its head of type and length.
    package var message: [UInt8] {
        var extensions = otherExtensions
        if !alpn.isEmpty { extensions.insert(Self.alpnExtension(alpn.map { Array($0.utf8) }), at: 0) }
        if let serverName { extensions.insert(Self.serverNameExtension(Array(serverName.utf8)), at: 0) }
        var body = body(extensions)
        if let paddedLength, paddedLength - body.count >= 4 {
            let padding = [UInt8](repeating: 0, count: paddedLength - body.count - 4)
            extensions.append(Extension(21, padding))
            body = self.body(extensions)
        }
        return [1] + Self.integer(body.count, bytes: 3) + body
    }

    /// The message in as few records as it takes.
    package var bytes: [UInt8] { Self.records(message) }

    /// The message in records of the given lengths; the last length repeats.
    package func bytes(recordLengths: Int...) -> [UInt8] {
        Self.records(message, lengths: recordLengths)
    }

    /// Wraps bytes of a handshake in records of the given lengths; the last length repeats.
    package static func records(_ message: [UInt8], lengths: [Int] = [16384]) -> [UInt8] {
        var wire: [UInt8] = []
        var rest = message[...]
        var index = 0
        while !rest.isEmpty {
            let piece = rest.prefix(max(1, lengths[min(index, lengths.count - 1)]))
            wire += [22, 3, 1] + integer(piece.count, bytes: 2) + piece
            rest = rest.dropFirst(piece.count)
            index += 1
        }
        return wire
    }

    package static func serverNameExtension(_ name: [UInt8], type: UInt8 = 0) -> Extension {
        Extension(0, field([type] + field(name, lengthBytes: 2), lengthBytes: 2))
    }

    package static func alpnExtension(_ names: [[UInt8]]) -> Extension {
        Extension(16, field(names.flatMap { field($0, lengthBytes: 1) }, lengthBytes: 2))
    }

    /// Bytes with their length before them.
    package static func field(_ bytes: [UInt8], lengthBytes: Int) -> [UInt8] {
        integer(bytes.count, bytes: lengthBytes) + bytes
    }

    private func body(_ extensions: [Extension]) -> [UInt8] {
        var body: [UInt8] = [3, 3] + (0..<32).map { UInt8($0) }
        body += Self.field(sessionID, lengthBytes: 1)
        body += Self.field(cipherSuites.flatMap { Self.integer(Int($0), bytes: 2) }, lengthBytes: 2)
        body += Self.field(compressionMethods, lengthBytes: 1)
        if !extensions.isEmpty {
            let block = extensions.flatMap {
                Self.integer(Int($0.type), bytes: 2) + Self.field($0.body, lengthBytes: 2)
            }
            body += Self.field(block, lengthBytes: 2)
        }
        return body
    }

    private static func integer(_ value: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * (bytes - 1 - $0))) }
    }
}
