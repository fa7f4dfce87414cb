import TailwartClient
package import TailwartCore
import TailwartWire

extension CertificateReport {
    /// The most telling of its faults, and a sentence with what to know about it.
    ///
    /// - Parameter now: seconds since 1970.
    package func judged(at now: Int) -> (Verdict, String) {
        if isFallback {
            return (.certificateFallback, "The certificate is \(Quoted.text(subject.utf8)), signed by itself.")
        }
        if now > notAfter {
            return (
                .certificateExpired,
                "\(this) ended on \(UTCTime(seconds: notAfter).date), \(Self.days(now - notAfter)) ago."
            )
        }
        if now < notBefore {
            return (
                .certificateNotYetValid,
                """
                \(this) is not valid before \(UTCTime(seconds: notBefore)), and by this host's clock it is \
                \(UTCTime(seconds: now)).
                """
            )
        }
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
            return (
                .certificateExpiring,
                """
                \(this) ends on \(UTCTime(seconds: notAfter).date), in \(Self.days(notAfter - now)), with \(left) of its \
                lifetime left.
                """
            )
        }
        return (.well, "\(this) is valid until \(UTCTime(seconds: notAfter).date).")
    }

    /// Whole ones, or hours where it is none.
    private static func days(_ seconds: Int) -> String {
        let (days, hours) = (seconds / 86_400, seconds / 3600)
        return days > 0 ? "\(days) day\(days == 1 ? "" : "s")" : "\(hours) hour\(hours == 1 ? "" : "s")"
    }

    /// The beginning of a sentence.
    private var this: String {
        "The certificate for \(Quoted.text((names.first ?? subject).utf8))"
    }
}
