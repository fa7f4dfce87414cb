/// The `id` of an MTA-STS policy: a new one makes senders fetch the policy again (RFC 8461 section 3.1).
package struct PolicyID: Sendable, Equatable {
    package let text: String

    /// Nil unless the text is 1 to 32 letters and digits.
    package init?(_ text: String) {
        let isWellFormed = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        guard (1...32).contains(text.utf8.count), isWellFormed else { return nil }
        self.text = text
    }

    /// The usual one: the time at which the policy was published, as `20261124013000`.
    ///
    /// - Parameter time: seconds since 1970, UTC; from 1970 on.
    package init(time: Int) {
        let time = max(0, time)
        let (year, month, day) = Self.date(days: time / 86_400)
        let clock = time % 86_400
        let parts = [month, day, clock / 3600, clock / 60 % 60, clock % 60]
        text = "\(year)" + parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }

    /// The civil date of a day since 1970-01-01, by eras of 400 years that begin in March.
    private static func date(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
