package import Glibc

/// A numeric user and group that servers and files are given to.
package struct UnixUser: Sendable {
    package let uid: uid_t
    package let gid: gid_t

    /// Debian's `nobody`, owner of the mail in these tests: Postfix delivers as it and Dovecot reads as it.
    package static let nobody = UnixUser(uid: 65534, gid: 65534)

    package static func named(_ name: String, package: String) throws -> UnixUser {
        guard let entry = getpwnam(name) else { throw TestFailure.missing("user \(name)", package: package) }
        return UnixUser(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
    }
}
