/// What one attempt at a condition found.
package struct Finding: Sendable, Hashable {
    package let isReady: Bool
    /// For scripts: lower case with underscores, from the table in docs/gate.md.
    package let state: String
    /// A sentence without a full stop. The same as long as nothing changes, so that it can be compared: no times, no counts.
    package let text: String
    /// What to do; nil where waiting is right.
    package let fix: String?
    /// Not to be asked again sooner, as asking does harm.
    package let pause: Duration

    static func ready(_ text: String) -> Finding {
        Finding(isReady: true, state: "ready", text: text, fix: nil, pause: .zero)
    }

    static func waiting(
        _ state: String, _ text: String, fix: String? = nil, pause: Duration = .zero
    ) -> Finding {
        Finding(isReady: false, state: state, text: text, fix: fix, pause: pause)
    }
}
