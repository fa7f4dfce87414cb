/// One answer of the self-test.
package struct Check: Sendable, Equatable {
    package var title: String
    package var passed: Bool
    /// What was seen; for a failure also what it means.
    package var detail: String
}

/// Why a check failed, in a sentence for a person.
struct CheckFailure: Error {
    let detail: String

    init(_ detail: String) {
        self.detail = detail
    }
}
