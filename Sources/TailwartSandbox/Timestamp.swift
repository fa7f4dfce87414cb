import Glibc

/// A moment in whole seconds of UTC, and how mail writes it.
struct Timestamp: Sendable {
    /// Seconds since 1970.
    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    static func now() -> Timestamp {
        Timestamp(seconds: Int64(time(nil)))
    }

    /// `Mon, 23 Nov 2026 21:16:18 +0000` (RFC 5322 section 3.3).
    var messageDate: String {
        let date = civil
        return
            "\(Self.weekdays[date.weekday]), \(date.day) \(Self.months[date.month - 1]) \(date.year) \(timeOfDay) +0000"
    }

    /// `23-Nov-2026 21:16:18 +0000` (RFC 3501 section 9, `date-time`: two places for the day, padded with a space).
    var internalDate: String {
        let date = civil
        let pad = date.day < 10 ? " " : ""
        return "\(pad)\(date.day)-\(Self.months[date.month - 1])-\(date.year) \(timeOfDay) +0000"
    }

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsPerDay: Int64 = 86_400

    private var timeOfDay: String {
        let second = Int(seconds % Self.secondsPerDay)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    }

    /// The Gregorian date, by counting from 1 March of year 0, where the leap day is the last day of the year.
    private var civil: (year: Int, month: Int, day: Int, weekday: Int) {
        let days = Int(seconds / Self.secondsPerDay)
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day, days % 7)
    }
}
