import TailwartWire

/// Bytes of log lines on their way out: appended without intermediate strings.
package struct LineBuffer: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() { bytes.reserveCapacity(16 * 1024) }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Drops all but these.
    mutating func keep(_ range: Range<Int>) {
        bytes.removeSubrange(range.upperBound...)
        bytes.removeSubrange(..<range.lowerBound)
    }

    package mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

    /// With blanks behind it, at least one.
    package mutating func append(text: String, paddedTo width: Int) {
        append(text: text)
        for _ in 0..<max(1, width - text.count) { append(" ") }
    }

    /// With blanks before it.
    mutating func append(paddedTo width: Int, _ write: (inout LineBuffer) -> Void) {
        let start = bytes.count
        write(&self)
        bytes.insert(
            contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, width - (bytes.count - start))), at: start)
    }

    /// In decimal, with at least `digits` digits.
    package mutating func append(number: UInt64, digits: Int = 1) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < digits
        bytes[start...].reverse()
    }

    /// Microseconds as milliseconds with three decimals.
    package mutating func append(milliseconds microseconds: UInt64) {
        append(number: microseconds / 1000)
        append(".")
        append(number: microseconds % 1000, digits: 3)
    }

    /// A JSON string in its quotes.
    package mutating func append(json text: String) { JSON.write(text, to: &bytes) }

    /// RFC 3339 in UTC with milliseconds.
    ///
    /// - Parameter microseconds: since 1970.
    package mutating func append(time microseconds: Int64) {
        let date = UTCTime(seconds: Int(max(0, microseconds) / 1_000_000)).calendar
        append(number: UInt64(date.year), digits: 4)
        append("-")
        append(number: UInt64(date.month), digits: 2)
        append("-")
        append(number: UInt64(date.day), digits: 2)
        append("T")
        append(clock: microseconds)
        append("Z")
    }

    /// Hours, minutes, seconds and milliseconds in UTC.
    package mutating func append(clock microseconds: Int64) {
        let microseconds = max(0, microseconds)
        let date = UTCTime(seconds: Int(microseconds / 1_000_000)).calendar
        append(number: UInt64(date.hour), digits: 2)
        append(":")
        append(number: UInt64(date.minute), digits: 2)
        append(":")
        append(number: UInt64(date.second), digits: 2)
        append(".")
        append(number: UInt64(microseconds / 1000 % 1000), digits: 3)
    }
}
