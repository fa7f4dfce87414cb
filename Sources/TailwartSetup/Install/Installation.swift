import Glibc
package import TailwartCore
import TailwartSystem
import TailwartWire

/// `tailwart install`: puts the files of an edge on a host, and takes them away again. First it finds out all that is to be done, so that
/// nothing is touched where something is in the way; then it does one step after the other.
package struct Installation: Sendable {
    /// Empty for the host itself, else the folder that stands for `/`.
    package let root: String
    /// None to take away.
    let files: [HostFile]

    package init(root: String, files: [HostFile] = []) {
        // Of `/` nothing is left.
        self.root = String(root.reversed().drop { $0 == "/" }.reversed())
        self.files = files
    }

    /// Why nothing was done.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case noRoot(String)
        case isPackaged(how: String)
        case inTheWay([String])
        case unreadable(String, String)
        /// systemd must not start it.
        case isMasked

        package var description: String {
            switch self {
            case .isMasked:
                "The unit is masked, as Debian leaves it where the package was removed and not purged, so nothing was changed. "
                    + "Lift that first: sudo systemctl unmask tailwart"
            case .noRoot(let path): "\(path): not a folder. Name the folder of the system with --root, or leave it out."
            case .isPackaged(let how): how
            case .inTheWay(let paths):
                "\(paths.joined(separator: ", ")): already there, and not made by `tailwart install`, so nothing was changed. "
                    + "Move \(paths.count == 1 ? "it" : "them") away first."
            case .unreadable(let path, let why): "\(path) cannot be read: \(why). Become root, as with sudo."
            }
        }
    }

    /// One thing that is to be done, or to be said.
    package enum Step: Sendable, Equatable {
        case makeFolder(String)
        case write(HostFile)
        case link(String, to: String)
        case makeUser
        /// A system program, and what it is for.
        case run(String, [String])
        case note(Inventory)
        case remove(String)
        /// If nothing is in it.
        case removeFolder(String)
        case leave(String, why: String)

        /// Of an edge that runs: the new program takes over from it.
        package static let restart = Step.run("systemctl", ["try-restart", "tailwart.service"])
        static let stop = Step.run("systemctl", ["stop", "tailwart.service"])

        /// The past and the future for a person; nil where there is nothing to tell.
        package var words: (done: String, planned: String)? {
            func pair(_ done: String, _ planned: String, _ what: String) -> (String, String) {
                ("\(done) \(what)", "would \(planned) \(what)")
            }
            return switch self {
            case .makeFolder(let path): pair("made", "make", "\(path)/")
            case .write(let file): pair("wrote", "write", file.path)
            case .link(let path, let target): pair("linked", "link", "\(path) to \(target)")
            case .makeUser: pair("made", "make", "the user \(HostFiles.user)")
            case .run(let program, let arguments):
                pair("ran", "run", ([program] + arguments).joined(separator: " "))
            case .note: nil
            case .remove(let path): pair("removed", "remove", path)
            case .removeFolder(let path): pair("removed", "remove, if it is empty then,", "\(path)/")
            case .leave(let path, let why): ("kept \(path): \(why)", "would keep \(path): \(why)")
            }
        }

        /// Whether it waits for connections to end.
        package var mayTakeLong: Bool {
            switch self {
            case .restart, .stop: true
            default: false
            }
        }

        /// What a script gets: the kind of change, and what of.
        fileprivate var change: (change: String, subject: String)? {
            switch self {
            case .makeFolder(let path): ("made", path)
            case .write(let file): ("written", file.path)
            case .link(let path, _): ("linked", path)
            case .makeUser: ("made", HostFiles.user)
            case .run(let program, let arguments): ("run", ([program] + arguments).joined(separator: " "))
            case .note: nil
            case .remove(let path), .removeFolder(let path): ("removed", path)
            case .leave(let path, _): ("kept", path)
            }
        }

        /// Whether it changes anything.
        package var isChange: Bool {
            switch self {
            case .leave, .note: false
            default: true
            }
        }
    }

    /// What `tailwart install --json` prints.
    ///
    /// - Parameters:
    ///   - isPlan: the steps would be taken.
    ///   - steps: what is left to do by hand.
    package static func answer(
        isGood: Bool, _ problems: [CommandAnswer.Problem], _ taken: [Step], isPlan: Bool, steps: [String]
    ) -> CommandAnswer {
        let changes = taken.compactMap { step -> JSON? in
            guard let (change, subject) = step.change, let words = step.words else { return nil }
            return [
                "change": .text(change), "subject": .text(subject),
                "message": .text(isPlan ? words.planned : words.done),
            ]
        }
        return CommandAnswer(isGood: isGood, problems: problems, ["changes": .list(changes), "steps": .texts(steps)])
    }

    // MARK: - what is there

    package func place(_ path: String) -> String { root + path }

    /// A link that leads nowhere counts.
    func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(place(path), &status) == 0
    }

    /// Nil where there is no such file.
    func bytes(of path: String) throws(Problem) -> [UInt8]? {
        switch FileSystem.read(place(path), limit: 1 << 30) {
        case .bytes(let bytes): return bytes
        case .failure(.noEntry): return isThere(path) ? [] : nil
        case .failure(let error): throw .unreadable(place(path), "\(error)")
        case .notRegular: throw .inTheWay([place(path)])
        }
    }

    func inventory() throws(Problem) -> Inventory {
        Inventory(text: String(decoding: try bytes(of: Inventory.path) ?? [], as: UTF8.self))
    }

    /// systemd runs, and it is the host's own.
    var isLive: Bool { root.isEmpty && (try? FileSystem.kind(of: "/run/systemd/system")) == .folder }

    package var hasConfiguration: Bool { isThere(HostFiles.configuration) }

    /// What an uninstall leaves, of what is there, with the root before it.
    package var leftovers: [String] {
        [HostFiles.configurationFolder, HostFiles.banFolder].filter(isThere).map(place)
    }

    package var hasUser: Bool {
        guard let users = try? bytes(of: "/etc/passwd") else { return false }
        return String(decoding: users, as: UTF8.self).split(separator: "\n").contains {
            $0.hasPrefix("\(HostFiles.user):")
        }
    }

    func checkRoot() throws(Problem) {
        guard root.isEmpty || (try? FileSystem.kind(of: root)) == .folder else { throw .noRoot(root) }
    }

    /// Whether the unit's place is taken by a link to nowhere (systemctl(1), `mask`).
    var isMasked: Bool {
        var target = [CChar](repeating: 0, count: 16)
        let count = readlink(place(HostFiles.unit), &target, target.count)
        return count > 0
            && String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) == "/dev/null"
    }

    /// What somebody else takes care of is left to them.
    func checkPackages() throws(Problem) {
        let listed = String(decoding: (try? bytes(of: "/var/lib/dpkg/info/tailwart.list")) ?? [], as: UTF8.self)
        // Of a package that was removed and not purged, the list names its settings alone.
        if listed.split(separator: "\n").contains(Substring(HostFiles.packagedProgram)) {
            throw .isPackaged(
                how: "tailwart is installed by the package, so nothing was changed. Update it with apt: "
                    + "sudo apt install ./tailwart_NEW.deb")
        }
        if isThere("/etc/NIXOS") {
            throw .isPackaged(
                how: "NixOS makes its files itself, so nothing was changed. Use the module in deploy/nix; "
                    + "docs/deploy.md says how.")
        }
        if let found = [HostFiles.packagedProgram, "/usr/lib/systemd/system/tailwart.service"].first(where: isThere) {
            throw .isPackaged(
                how: "\(place(found)): tailwart is installed by a package manager or by hand, so nothing was changed. "
                    + "Update it in the same way, or remove it first.")
        }
    }
}
