import Glibc

/// A numeric user and group that servers and files are given to.
struct UnixUser: Sendable {
    let uid: uid_t
    let gid: gid_t

    /// Debian's `nobody`, owner of the mail in these tests: Postfix delivers as it and Dovecot reads as it.
    static let nobody = UnixUser(uid: 65534, gid: 65534)

    static func named(_ name: String, package: String) throws -> UnixUser {
        guard let entry = getpwnam(name) else { throw SetUpError.missing("user \(name)", package: package) }
        return UnixUser(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
    }

    /// Postfix and Dovecot run their parts as different users, which only root can arrange.
    static func requireRoot() throws {
        guard geteuid() == 0 else {
            throw SetUpError("Postfix and Dovecot must be started by root; run: sudo make test")
        }
    }
}
