import TailwartClient
package import TailwartCore

extension CertificateReport {
    /// The most telling of its faults, and a sentence with what to know about it.
    ///
    /// - Parameter now: seconds since 1970.
    package func judged(at now: Int) -> (Verdict, String) {
        if isFallback {
            return (.certificateFallback, "The certificate is \(Quoted.text(subject.utf8)), signed by itself.")
        }
        if now > notAfter { return (.certificateExpired, "\(this) ended on \(Self.day(notAfter)).") }
        if now < notBefore { return (.certificateExpired, "\(this) is not valid before \(Self.day(notBefore)).") }
        if isSelfSigned, chainProblem != nil { return (.certificateSelfSigned, "\(this) is signed by itself.") }
        if !missingNames.isEmpty {
            let missing = missingNames.map { Quoted.text($0.utf8) }.joined(separator: ", ")
            return (.certificateNameMismatch, "\(this) is not for \(missing).")
        }
        if let chainProblem {
            return (.certificateUntrusted, "\(this) is not trusted: \(Quoted.text(chainProblem.utf8)).")
        }
        if lifetimeLeft < Self.overdueShare {
            let left = "\(Int(lifetimeLeft * 100)) %"
            return (.certificateExpiring, "\(this) ends on \(Self.day(notAfter)), with \(left) of its lifetime left.")
        }
        return (.well, "\(this) is valid until \(Self.day(notAfter)).")
    }

    /// The beginning of a sentence.
    private var this: String {
        "The certificate for \(Quoted.text((names.first ?? subject).utf8))"
    }

    /// `2026-11-24`, in UTC.
    private static func day(_ seconds: Int) -> String {
        // The Gregorian date, by counting from 1 March of year 0, where the leap day is the last day of the year.
        let day = Int((Double(seconds) / 86_400).rounded(.down)) + 719_468
        let era = Int((Double(day) / 146_097).rounded(.down))
        let dayOfEra = day - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int, _ digits: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * marchMonth + 2) / 5 + 1, 2))"
    }
}
