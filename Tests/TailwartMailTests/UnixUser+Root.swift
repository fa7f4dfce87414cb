import Glibc
import TailwartTesting

extension UnixUser {
    /// Postfix and Dovecot run their parts as different users, which only root can arrange.
    static func requireRoot() throws {
        guard geteuid() == 0 else {
            throw TestFailure("Postfix and Dovecot must be started by root; run: sudo make test")
        }
    }
}
