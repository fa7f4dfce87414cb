/// A moment in whole seconds, and its date and time of day in the Gregorian calendar of UTC.
package struct UTCTime: Sendable, Hashable {
    /// Since 1970.
    package let seconds: Int

    package init(seconds: Int) {
        self.seconds = seconds
    }

    package struct Calendar: Sendable, Equatable {
        package let year: Int
        /// 1 to 12.
        package let month: Int
        /// 1 to 31.
        package let day: Int
        /// 0 is Sunday.
        package let weekday: Int
        package let hour: Int
        package let minute: Int
        package let second: Int
    }

    /// By eras of 400 years that begin in March, so that the leap day is the last one.
    package var calendar: Calendar {
        let days = Self.divided(seconds, by: 86_400)
        let clock = days.rest
        let shifted = Self.divided(days.whole + 719_468, by: 146_097)
        let yearOfEra =
            (shifted.rest - shifted.rest / 1460 + shifted.rest / 36_524 - shifted.rest / 146_096) / 365
        let dayOfYear = shifted.rest - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return Calendar(
            year: shifted.whole * 400 + yearOfEra + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1, weekday: Self.divided(days.whole + 4, by: 7).rest,
            hour: clock / 3600, minute: clock / 60 % 60, second: clock % 60)
    }

    /// The beginning of a day. Days beyond the month's last are counted on.
    package init(year: Int, month: Int, day: Int) {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let leapDays =
            Self.divided(shifted, by: 4).whole - Self.divided(shifted, by: 100).whole
            + Self.divided(shifted, by: 400).whole
        self.init(seconds: (shifted * 365 + leapDays + dayOfYear - 719_468) * 86_400)
    }

    private static func divided(_ number: Int, by divisor: Int) -> (whole: Int, rest: Int) {
        let rest = (number % divisor + divisor) % divisor
        return ((number - rest) / divisor, rest)
    }
}

// MARK: RFC 3339

extension UTCTime: CustomStringConvertible {
    /// `2026-11-24`.
    package var date: String {
        let calendar = calendar
        return "\(Self.digits(calendar.year, 4))-\(Self.digits(calendar.month, 2))-\(Self.digits(calendar.day, 2))"
    }

    /// `01:30:00`.
    package var timeOfDay: String {
        let calendar = calendar
        return "\(Self.digits(calendar.hour, 2)):\(Self.digits(calendar.minute, 2)):\(Self.digits(calendar.second, 2))"
    }

    /// `2026-11-24T01:30:00Z`.
    package var description: String { "\(date)T\(timeOfDay)Z" }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    /// Nil for anything else, and for Go's zero time, year 1, which stands for "none". Fractions of a second are dropped.
    package init?(rfc3339 text: String) {
        var rest = Substring(text).utf8
        guard let year = Self.number(4, in: &rest), Self.skip("-", in: &rest), let month = Self.number(2, in: &rest),
            Self.skip("-", in: &rest), let day = Self.number(2, in: &rest),
            Self.skip("T", in: &rest) || Self.skip("t", in: &rest),
            let hour = Self.number(2, in: &rest), Self.skip(":", in: &rest), let minute = Self.number(2, in: &rest),
            Self.skip(":", in: &rest), let second = Self.number(2, in: &rest)
        else { return nil }
        if Self.skip(".", in: &rest) { rest = rest.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        guard let offset = Self.offset(&rest), rest.isEmpty, year > 1, (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let start = UTCTime(year: year, month: month, day: day)
        self.init(seconds: start.seconds + (hour * 60 + minute - offset) * 60 + second)
    }

    /// Minutes east of Greenwich.
    private static func offset(_ rest: inout Substring.UTF8View) -> Int? {
        if skip("Z", in: &rest) || skip("z", in: &rest) { return 0 }
        let isEast = skip("+", in: &rest)
        guard isEast || skip("-", in: &rest), let hours = number(2, in: &rest), skip(":", in: &rest),
            let minutes = number(2, in: &rest), hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isEast ? 1 : -1)
    }

    private static func number(_ digits: Int, in rest: inout Substring.UTF8View) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = rest.popFirst(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else {
                return nil
            }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func skip(_ character: Unicode.Scalar, in rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}
