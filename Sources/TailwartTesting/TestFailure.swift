import Glibc

/// Why a test's own socket, listener or engine did not do what the test needs.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// A call of the C library that failed just now.
    package init(call: String) {
        let number = errno
        description = "\(call): \(strerror(number).map { String(cString: $0) } ?? "error \(number)")"
    }

    static func tookTooLong(_ what: String) -> TestFailure {
        TestFailure("nothing happened in \(TestSocket.patience) ms: \(what)")
    }
}
