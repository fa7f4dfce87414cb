/// Bytes of log lines on their way out: appended without intermediate strings.
package struct LineBuffer: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() { bytes.reserveCapacity(16 * 1024) }

    package var isEmpty: Bool { bytes.isEmpty }
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

    package mutating func append(byte: UInt8) { bytes.append(byte) }

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

    /// A JSON string in its quotes (RFC 8259 section 7).
    package mutating func append(json text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0..<0x20, 0x7f:
                append("\\u00")
                append(byte: Self.hexDigit(byte >> 4))
                append(byte: Self.hexDigit(byte & 15))
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    /// RFC 3339 in UTC with milliseconds.
    ///
    /// - Parameter microseconds: since 1970.
    package mutating func append(time microseconds: Int64) {
        let milliseconds = microseconds / 1000
        let seconds = milliseconds / 1000
        let (year, month, day) = Self.date(ofDay: seconds / 86_400)
        append(number: UInt64(year), digits: 4)
        append("-")
        append(number: UInt64(month), digits: 2)
        append("-")
        append(number: UInt64(day), digits: 2)
        append("T")
        append(clock: microseconds)
        append("Z")
    }

    /// Hours, minutes, seconds and milliseconds in UTC.
    package mutating func append(clock microseconds: Int64) {
        let milliseconds = UInt64(max(0, microseconds)) / 1000
        let second = milliseconds / 1000 % 86_400
        append(number: second / 3600, digits: 2)
        append(":")
        append(number: second / 60 % 60, digits: 2)
        append(":")
        append(number: second % 60, digits: 2)
        append(".")
        append(number: milliseconds % 1000, digits: 3)
    }

    /// The Gregorian date of a day counted from 1970-01-01, by the usual arithmetic on 400-year eras that begin in March.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
