import Glibc
package import TailwartWire

/// Looks for secrets in the files of a repository before they are committed.
package struct SecretLint: Sendable {
    /// Text of this length nobody writes by hand; larger files are named, not read to their end.
    package static let byteLimit = 16 << 20
    /// Nobody reads more at once.
    package static let findingLimit = 1000

    package struct Unreadable: Sendable, Equatable {
        package let path: String
        /// What was not done and why, as it is said behind the path.
        package let reason: String
    }

    package enum Failure: Error, Equatable, CustomStringConvertible {
        case noGit
        case gitFailed(String)
        case tooMany(String)

        package var description: String {
            switch self {
            case .noGit: "git cannot be started; install it, or name the files: tailwart lint-secrets FILE…"
            case .gitFailed(let command):
                "`\(command)` failed, see above; run this inside of a git work tree, or name the files: tailwart lint-secrets FILE…"
            case .tooMany(let path):
                "\(SecretLint.shown(path)): more than \(CommitCandidates.countLimit) files; name the folder of the repository."
            }
        }
    }

    /// By path, in the order in which the files were read.
    package private(set) var findings: [(path: String, finding: SecretFinding)] = []
    /// Files that could not be looked at, or not wholly.
    package private(set) var unreadable: [Unreadable] = []
    /// Text files that were read.
    package private(set) var textFiles = 0
    package private(set) var binaryFiles = 0

    /// - Parameters:
    ///   - paths: files and folders; with `staged`, only what git has staged below them.
    package init(_ paths: [String], staged: Bool) throws(Failure) {
        let candidates =
            staged
            ? try CommitCandidates.staged(paths) : try CommitCandidates.inFiles(paths.isEmpty ? ["."] : paths)
        unreadable = candidates.unreadable
        for candidate in candidates.all where findings.count < Self.findingLimit { read(candidate) }
    }

    private mutating func read(_ candidate: CommitCandidates.Candidate) {
        let bytes: [UInt8]
        if let blob = candidate.blob {
            guard let answer = GitCommand.run(["cat-file", "blob", blob], limit: Self.byteLimit) else {
                unreadable.append(Unreadable(path: candidate.path, reason: "not looked at: git cannot be started"))
                return
            }
            bytes = answer.output
            guard answer.exitCode == 0 || bytes.count > Self.byteLimit else {
                unreadable.append(
                    Unreadable(path: candidate.path, reason: "not looked at: git cannot read what is staged"))
                return
            }
        } else {
            switch Self.content(of: candidate) {
            case .bytes(let content): bytes = content
            case .nothing: return
            case .failure(let code):
                unreadable.append(
                    Unreadable(path: candidate.path, reason: "not looked at: \(String(cString: strerror(code)))"))
                return
            }
        }
        switch SecretScan.scan(path: candidate.path, bytes: Array(bytes.prefix(Self.byteLimit))) {
        case .binary: binaryFiles += 1
        case .text(let found):
            textFiles += 1
            findings += found.map { (candidate.path, $0) }
            if bytes.count > Self.byteLimit {
                let reason = "only its first \(Self.byteLimit >> 20) MiB were looked at, and it is larger"
                unreadable.append(Unreadable(path: candidate.path, reason: reason))
            }
        }
    }

    private enum Content {
        case bytes([UInt8])
        /// A link, a folder, a device, or a file that git knows and that is gone.
        case nothing
        case failure(CInt)
    }

    /// One byte more than the limit where the file is larger.
    private static func content(of candidate: CommitCandidates.Candidate) -> Content {
        // Non-blocking, so that a named pipe is not waited for.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (candidate.isNamed ? 0 : O_NOFOLLOW)
        let descriptor = open(candidate.path, flags)
        // Gone since it was listed, or a link, which leads to a file that is listed itself or is not in here.
        guard descriptor >= 0 else { return [ENOENT, ELOOP].contains(errno) ? .nothing : .failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .nothing }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= byteLimit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return .failure(errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return .bytes(bytes)
    }

    /// A path for a person: with control characters escaped, since a file may have any name.
    package static func shown(_ path: String) -> String {
        var text = ""
        for scalar in path.unicodeScalars {
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return text
    }

    package var json: JSON {
        let findings = findings.map { path, finding -> JSON in
            [
                "column": .number(finding.column), "fix": .text(finding.fix), "line": .number(finding.line),
                "path": .text(path), "what": .text(finding.what),
            ]
        }
        let unreadable = unreadable.map { file -> JSON in ["path": .text(file.path), "reason": .text(file.reason)] }
        return [
            "binaryFiles": .number(binaryFiles), "clean": .flag(findings.isEmpty && unreadable.isEmpty),
            "findings": .list(findings), "textFiles": .number(textFiles), "unreadable": .list(unreadable),
        ]
    }
}
