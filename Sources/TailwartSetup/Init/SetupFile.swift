/// A file for the operator's folder.
package struct SetupFile: Sendable, Equatable {
    /// Relative to the folder.
    package let path: String
    package let text: String

    package init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }
}
