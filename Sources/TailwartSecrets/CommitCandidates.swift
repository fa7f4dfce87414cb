import Glibc

/// The files that are, or are about to be, in a repository.
struct CommitCandidates {
    struct Candidate {
        /// As it is shown.
        let path: String
        /// The content that git has staged; nil: what is in the file now.
        let blob: String?
        /// Whether the operator named it: only then a symbolic link is followed.
        var isNamed = false
    }

    /// Stops a walk over a file system that was named by mistake.
    static let countLimit = 100_000
    /// Folders in folders.
    private static let depthLimit = 64
    /// Of a list of paths from git.
    private static let listLimit = 64 << 20
    /// What no repository contains; only where git does not tell.
    private static let passedFolders: Set<String> = [".git", ".build", "node_modules"]

    private(set) var all: [Candidate] = []
    private(set) var unreadable: [SecretLint.Unreadable] = []

    /// What the next commit will contain: files that were added or changed, as they are staged.
    static func staged(_ paths: [String]) throws(SecretLint.Failure) -> CommitCandidates {
        let arguments = ["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT", "--"]
        guard let answer = GitCommand.run(arguments + paths, limit: listLimit) else { throw .noGit }
        guard answer.exitCode == 0 else { throw .gitFailed("git diff --cached") }
        var candidates = CommitCandidates()
        // `:100644 100644 OLD NEW M`, a zero byte, the path, a zero byte.
        let fields = answer.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let words = fields[index].split(separator: " ")
            // Regular files only: a symbolic link's content is a path, a submodule has none.
            guard words.count == 5, words[1].hasPrefix("100") else { continue }
            candidates.all.append(Candidate(path: fields[index + 1], blob: String(words[3])))
        }
        return candidates
    }

    /// What is in these files and folders: in a git work tree what git has or would take, elsewhere everything.
    static func inFiles(_ paths: [String]) throws(SecretLint.Failure) -> CommitCandidates {
        var candidates = CommitCandidates()
        for path in paths {
            var status = stat()
            // One wrong name does not hide what is found behind the others.
            guard stat(path, &status) == 0 else {
                let reason = "cannot be read: \(String(cString: strerror(errno))); check the path"
                candidates.unreadable.append(SecretLint.Unreadable(path: path, reason: reason))
                continue
            }
            let type = status.st_mode & S_IFMT
            guard type == S_IFREG || type == S_IFDIR else {
                let reason = "not looked at: no regular file; write it to a file and name that"
                candidates.unreadable.append(SecretLint.Unreadable(path: path, reason: reason))
                continue
            }
            if type == S_IFREG {
                candidates.all.append(Candidate(path: path, blob: nil, isNamed: true))
            } else if let inGit = try candidates.listed(by: path) {
                for name in inGit { candidates.all.append(Candidate(path: Self.join(path, name), blob: nil)) }
            } else {
                try candidates.walk(path, depth: 0)
            }
            guard candidates.all.count <= countLimit else { throw .tooMany(path) }
        }
        return candidates
    }

    /// The files of a folder that git has, or would take; nil where there is no work tree.
    private func listed(by folder: String) throws(SecretLint.Failure) -> [String]? {
        let inside = GitCommand.run(
            ["-C", folder, "rev-parse", "--is-inside-work-tree"], limit: 64, isQuiet: true)
        guard let inside, inside.exitCode == 0, inside.output.starts(with: "true".utf8) else { return nil }
        let arguments = ["-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        guard let answer = GitCommand.run(arguments, limit: Self.listLimit), answer.exitCode == 0 else {
            throw .gitFailed("git ls-files")
        }
        var seen: Set<String> = []
        return answer.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .filter { seen.insert($0).inserted }
    }

    private mutating func walk(_ folder: String, depth: Int) throws(SecretLint.Failure) {
        guard depth < Self.depthLimit, let stream = opendir(folder) else {
            let reason = depth < Self.depthLimit ? String(cString: strerror(errno)) : "too many folders in folders"
            unreadable.append(SecretLint.Unreadable(path: folder, reason: "not looked at: \(reason)"))
            return
        }
        defer { closedir(stream) }
        var folders: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != "..", !Self.passedFolders.contains(name) else { continue }
            let path = Self.join(folder, name)
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: folders.append(path)
            case S_IFREG: all.append(Candidate(path: path, blob: nil))
            // Links are not followed; sockets and devices have no content.
            default: break
            }
            guard all.count <= Self.countLimit else { throw .tooMany(folder) }
        }
        for folder in folders.sorted() { try walk(folder, depth: depth + 1) }
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }
}
