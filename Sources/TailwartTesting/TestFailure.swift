import Glibc

/// Why a test's own socket, listener, engine or program did not do what the test needs, and what to do.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// A call of the C library that failed just now.
    package init(call: String) {
        let number = errno
        description = "\(call): \(strerror(number).map { String(cString: $0) } ?? "error \(number)")"
    }

    /// A program or user that comes with a Debian package.
    package static func missing(_ what: String, package: String) -> TestFailure {
        TestFailure("\(what) is missing; install Debian's package \(package) or run: scripts/setup.sh test")
    }

    static func tookTooLong(_ what: String) -> TestFailure {
        TestFailure("nothing happened in \(TestSocket.patience) ms: \(what)")
    }
}
