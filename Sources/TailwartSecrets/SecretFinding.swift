/// A secret, or a file of secrets, that must not be committed: where, what, and how to mend it. Never the secret itself.
package struct SecretFinding: Sendable, Equatable {
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    package let what: String
    package let fix: String

    init(line: Int = 1, column: Int = 1, _ what: String, fix: String) {
        self.line = line
        self.column = column
        self.what = what
        self.fix = fix
    }
}
