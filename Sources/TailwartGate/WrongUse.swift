/// Why an argument cannot be meant: what is wrong with it, where, and what to write.
package struct WrongUse: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
