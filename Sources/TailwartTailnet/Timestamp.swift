/// RFC 3339 times, as Go writes them, to seconds since 1970.
enum Timestamp {
    /// Nil for anything else, and for Go's zero time, year 1, which stands for "none". Fractions of a second are dropped.
    static func seconds(_ text: String) -> Int? {
        var rest = Substring(text).utf8
        guard let year = number(4, in: &rest), skip("-", in: &rest), let month = number(2, in: &rest),
            skip("-", in: &rest), let day = number(2, in: &rest), skip("T", in: &rest) || skip("t", in: &rest),
            let hour = number(2, in: &rest), skip(":", in: &rest), let minute = number(2, in: &rest),
            skip(":", in: &rest), let second = number(2, in: &rest)
        else { return nil }
        if skip(".", in: &rest) { rest = rest.drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        guard let offset = offset(&rest), rest.isEmpty, year > 1, (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return ((days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    }

    /// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last one.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
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
