import TailwartWire

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
        text = UTCTime(seconds: max(0, time)).description.filter(\.isNumber)
    }
}
