import Glibc
import TailwartWire
import Testing

/// Splitmix64: small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

/// The seeds of a randomised test: the one in `SEED`, or one fixed and one new. A failure names its seed.
let seeds: [UInt64] = {
    if let text = getenv("SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return [1, .random(in: 2...UInt64.max)]
}()

/// Expects every beginning to need more, and the whole to give the same whatever follows it; answers what the whole
/// gives.
func everyPrefix<Value: Equatable, Failure>(
    of bytes: [UInt8], step: Int = 1, location: SourceLocation = #_sourceLocation,
    _ parse: (Span<UInt8>) -> ParseOutcome<Value, Failure>
) -> ParseOutcome<Value, Failure> {
    for count in stride(from: 0, to: bytes.count, by: step) where parse(Array(bytes[..<count]).span) != .needMore {
        Issue.record(
            "the first \(count) of \(bytes.count) bytes are decided: \(bytes[..<count])", sourceLocation: location)
        break
    }
    let whole = parse(bytes.span)
    for tail in [[0], [0xff], Array(repeating: 0x20, count: 300), bytes] as [[UInt8]] {
        let glued = parse((bytes + tail).span)
        #expect(glued == whole, "what follows changes the answer", sourceLocation: location)
    }
    return whole
}

/// The number of bytes after which the answer is *invalid*, which must stay as it is from there on; nil if it never
/// comes.
func firstInvalid<Value: Equatable, Failure>(
    in bytes: [UInt8], location: SourceLocation = #_sourceLocation,
    _ parse: (Span<UInt8>) -> ParseOutcome<Value, Failure>
) -> Int? {
    var first: (count: Int, outcome: ParseOutcome<Value, Failure>)?
    for count in 0...bytes.count {
        let outcome = parse(Array(bytes[..<count]).span)
        if let first {
            #expect(outcome == first.outcome, "more bytes change the answer", sourceLocation: location)
        } else if case .invalid = outcome {
            first = (count, outcome)
        }
    }
    return first?.count
}

/// What a writer wrote; expects that it left the memory behind alone.
func written(capacity: Int = 1024, _ write: (inout MutableSpan<UInt8>) -> Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xaa, count: capacity)
    var span = bytes.mutableSpan
    let count = write(&span)
    #expect(bytes[count...].allSatisfy { $0 == 0xaa })
    return Array(bytes[..<count])
}

/// Bytes from hexadecimal text; spaces separate as one likes.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func address(_ text: String, _ port: UInt16) throws -> InternetAddress {
    InternetAddress(try #require(IPAddress(text)), port: port)
}

extension IPAddress {
    /// Half of them with many zero groups, where the text form is hard.
    static func random(using generator: inout SeededGenerator) -> IPAddress {
        if Bool.random(using: &generator) { return .v4(.random(in: 0 ... .max, using: &generator)) }
        var halves: [UInt64] = [0, 0]
        for group in 0..<8 where Bool.random(using: &generator) {
            let value = UInt64.random(in: 0...(Bool.random(using: &generator) ? 15 : 0xffff), using: &generator)
            halves[group / 4] |= value << UInt64(16 * (group % 4))
        }
        return .v6(halves[0], halves[1])
    }
}
