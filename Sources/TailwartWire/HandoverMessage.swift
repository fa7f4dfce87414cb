/// What two edges on one host say to each other when one takes the listening sockets over from the other: one message in each packet of a
/// `SOCK_SEQPACKET` socket (unix(7)), numbers in network byte order. Sockets come along as descriptors (`SCM_RIGHTS`), in the order of the
/// doors of the message.
///
///     new: hello ──▶            ready ──▶              taken ──▶
///     old:       ◀── welcome, doors…     ◀── released
///
/// Either may say ``abort(_:)`` in place of its next message. The beginning of ``hello(_:)`` up to the version stays as it is in every
/// version; bytes behind the end of a message are for later ones.
package enum HandoverMessage: Sendable, Equatable {
    /// Who speaks, and which version of these messages.
    package struct Party: Sendable, Equatable {
        package let version: UInt16
        package let process: UInt32
        /// As `tailwart version` prints it; at most 255 bytes.
        package let program: String

        package init(version: UInt16 = HandoverMessage.version, process: UInt32, program: String) {
            self.version = version
            self.process = process
            self.program = program
        }
    }

    /// A listening socket: the address that it was opened for, and its number where several were opened for the same one.
    package struct Door: Sendable, Hashable {
        package let bind: BindAddress
        package let ordinal: UInt16

        package init(_ bind: BindAddress, ordinal: UInt16) {
            self.bind = bind
            self.ordinal = ordinal
        }
    }

    /// The new process: give me what you listen on.
    case hello(Party)
    /// The old process: so many sockets follow. The baton comes along as a descriptor.
    ///
    /// - Parameter older: processes before it that drain still; at most 255.
    case welcome(Party, doors: UInt16, older: [UInt32])
    /// At most ``doorsInMessage``, with as many descriptors.
    case doors([Door])
    /// The new process: everything is prepared but accepting.
    case ready
    /// The old process: no worker watches any more, and who waited then was taken.
    case released
    /// The new process: it serves, and has decided so.
    case taken
    /// It does not go on with this, and the old process serves; a sentence says why, at most 255 bytes of it.
    case abort(String)

    package static let version: UInt16 = 1
    /// As many descriptors as one message can carry (`SCM_MAX_FD`, unix(7)).
    package static let doorsInMessage = 253
    /// Bytes of the longest message: so many doors, each with the longest path of a Unix socket.
    package static let maximumLength = 2 + doorsInMessage * (1 + 1 + 255 + 2)

    private enum Kind: UInt8 {
        case hello = 1
        case welcome
        case doors
        case ready
        case released
        case taken
        case abort
    }

    private enum Address {
        static let any: UInt8 = 0
        static let v4: UInt8 = 4
        static let v6: UInt8 = 6
        static let path: UInt8 = 1
    }

    /// So that somebody who speaks of something else is told apart.
    private static let magic: [UInt8] = Array("tailwart".utf8)

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .hello(let party):
            bytes = [Kind.hello.rawValue] + Self.magic
            Self.append(party, to: &bytes)
        case .welcome(let party, let doors, let older):
            bytes = [Kind.welcome.rawValue]
            Self.append(party, to: &bytes)
            Self.append(doors, to: &bytes)
            bytes.append(UInt8(clamping: older.count))
            for process in older { Self.append(process, to: &bytes) }
        case .doors(let doors):
            bytes = [Kind.doors.rawValue, UInt8(clamping: doors.count)]
            for door in doors { Self.append(door, to: &bytes) }
        case .ready: bytes = [Kind.ready.rawValue]
        case .released: bytes = [Kind.released.rawValue]
        case .taken: bytes = [Kind.taken.rawValue]
        case .abort(let reason):
            bytes = [Kind.abort.rawValue]
            Self.append(reason, to: &bytes)
        }
        return bytes
    }

    private static func append(_ party: Party, to bytes: inout [UInt8]) {
        append(party.version, to: &bytes)
        append(party.process, to: &bytes)
        append(party.program, to: &bytes)
    }

    private static func append(_ door: Door, to bytes: inout [UInt8]) {
        switch door.bind {
        case .any(let port):
            bytes.append(Address.any)
            append(port, to: &bytes)
        case .internet(let address):
            switch address.ip {
            case .v4(let bits):
                bytes.append(Address.v4)
                append(bits, to: &bytes)
            case .v6(let high, let low):
                bytes.append(Address.v6)
                append(high, to: &bytes)
                append(low, to: &bytes)
            }
            append(address.port, to: &bytes)
        case .unix(let path):
            bytes.append(Address.path)
            append(path, to: &bytes)
        }
        append(door.ordinal, to: &bytes)
    }

    private static func append(_ number: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    /// What is longer than 255 bytes is cut, between two characters.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        while text.utf8.count > 255 { text.removeLast() }
        bytes.append(UInt8(text.utf8.count))
        bytes += text.utf8
    }
}

extension HandoverMessage {
    package enum Failure: Error, Equatable, Sendable {
        /// The first byte is that of no message, or the first words are not ours.
        case unknown
        case badAddress
        case badText
    }

    package static func parse(_ bytes: Span<UInt8>) -> ParseOutcome<HandoverMessage, Failure> {
        var reader = Reader()
        do throws(Stop) {
            return .found(try message(bytes, &reader))
        } catch {
            return ParseOutcome(error)
        }
    }

    fileprivate typealias Stop = ParseStop<Failure>

    private static func message(_ bytes: Span<UInt8>, _ reader: inout Reader) throws(Stop) -> HandoverMessage {
        guard let kind = Kind(rawValue: try reader.number(bytes)) else { throw .invalid(.unknown) }
        switch kind {
        case .hello:
            for expected in magic {
                let byte: UInt8 = try reader.number(bytes)
                guard byte == expected else { throw .invalid(.unknown) }
            }
            return .hello(try reader.party(bytes))
        case .welcome:
            let party = try reader.party(bytes)
            let doors: UInt16 = try reader.number(bytes)
            let count: UInt8 = try reader.number(bytes)
            var older: [UInt32] = []
            for _ in 0..<count { older.append(try reader.number(bytes)) }
            return .welcome(party, doors: doors, older: older)
        case .doors:
            let count: UInt8 = try reader.number(bytes)
            var doors: [Door] = []
            for _ in 0..<count { doors.append(try door(bytes, &reader)) }
            return .doors(doors)
        case .ready: return .ready
        case .released: return .released
        case .taken: return .taken
        case .abort: return .abort(try reader.text(bytes))
        }
    }

    private static func door(_ bytes: Span<UInt8>, _ reader: inout Reader) throws(Stop) -> Door {
        let kind: UInt8 = try reader.number(bytes)
        let bind: BindAddress
        switch kind {
        case Address.any: bind = .any(port: try reader.number(bytes))
        case Address.v4:
            let ip = IPAddress.v4(try reader.number(bytes))
            bind = .internet(InternetAddress(ip, port: try reader.number(bytes)))
        case Address.v6:
            let ip = IPAddress.v6(try reader.number(bytes), try reader.number(bytes))
            bind = .internet(InternetAddress(ip, port: try reader.number(bytes)))
        case Address.path: bind = .unix(path: try reader.text(bytes))
        default: throw .invalid(.badAddress)
        }
        return Door(bind, ordinal: try reader.number(bytes))
    }

    /// A position in the message.
    private struct Reader {
        private var position = 0

        mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
            _ bytes: Span<UInt8>
        ) throws(Stop) -> Number {
            var number: Number = 0
            for _ in 0..<Number.bitWidth / 8 {
                guard position < bytes.count else { throw .needMore }
                // A shift by all bits of a single byte leaves 0.
                number = number << 8 | Number(bytes[position])
                position += 1
            }
            return number
        }

        mutating func text(_ bytes: Span<UInt8>) throws(Stop) -> String {
            let count: UInt8 = try number(bytes)
            var text: [UInt8] = []
            for _ in 0..<count { text.append(try number(bytes)) }
            guard let text = String(validating: text, as: UTF8.self) else { throw .invalid(.badText) }
            return text
        }

        mutating func party(_ bytes: Span<UInt8>) throws(Stop) -> Party {
            Party(version: try number(bytes), process: try number(bytes), program: try text(bytes))
        }
    }
}
