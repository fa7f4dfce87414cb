import Glibc
import TailwartTesting

extension TextFile {
    /// Leaves it to its owner alone.
    func protect() throws {
        guard chmod(path, 0o600) == 0 else { throw TestFailure(call: "chmod \(path)") }
    }
}
