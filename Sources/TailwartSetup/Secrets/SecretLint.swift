import TailwartSystem
package import TailwartWire

/// Looks for secrets in the files of a repository before they are committed.
package struct SecretLint: Sendable {
    /// Text of this length nobody writes by hand; of a larger file the beginning is read.
    package static let byteLimit = 16 << 20
    /// Nobody reads more at once.
    package static let findingLimit = 1000
    /// Stops a walk over a file system that was named by mistake.
    private static let countLimit = 100_000
    /// Folders in folders.
    private static let depthLimit = 64
    /// Of a list of paths from git.
    private static let listLimit = 64 << 20
    /// What no repository contains; only where git does not tell.
    private static let passedFolders: Set = [".git", ".build", "node_modules"]

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
            case .gitFailed(let what):
                "git failed: \(what); run this inside of a git work tree, or name the files: tailwart lint-secrets FILE…"
            case .tooMany(let path):
                "\(path.printable): more than \(countLimit) files; name the folder of the repository."
            }
        }
    }

    /// By path, in the order in which the files were read.
    package private(set) var findings: [(path: String, finding: SecretFinding)] = []
    /// Files that could not be looked at, or not wholly.
    package private(set) var unreadable: [Unreadable] = []
    /// Files that were looked into.
    package private(set) var textFiles = 0
    /// Files that are known by their names alone.
    package private(set) var otherFiles = 0

    /// - Parameters:
    ///   - paths: files and folders; with `staged`, only what git has staged below them.
    package init(_ paths: [String], staged: Bool) throws(Failure) {
        if staged {
            try readStaged(paths)
        } else {
            for path in paths.isEmpty ? ["."] : paths { try read(path) }
        }
    }

    // MARK: What is staged

    private mutating func readStaged(_ paths: [String]) throws(Failure) {
        let options = ["--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT", "--"]
        // `:100644 100644 OLD NEW M`, a zero byte, the path, a zero byte.
        let fields = try Self.git(["diff"] + options + paths, atMost: Self.listLimit).split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let words = fields[index].split(separator: " ")
            // Regular files only: a symbolic link's content is a path, a submodule has none.
            guard words.count == 5, words[1].hasPrefix("100") else { continue }
            let path = fields[index + 1]
            guard needsContent(path) else { continue }
            do {
                scan(path, try Self.git(["cat-file", "blob", String(words[3])], atMost: Self.byteLimit))
            } catch {
                unreadable.append(Unreadable(path: path, reason: "not looked at: \(error)"))
            }
        }
    }

    private static func git(_ arguments: [String], atMost limit: Int) throws(Failure) -> [UInt8] {
        switch Command.run("git", arguments, atMost: limit, within: .seconds(300)) {
        case .ended(0, let output, _): return output
        case .ended(_, _, let errors): throw .gitFailed("\(errors.split(separator: "\n").first ?? "it says nothing")")
        case .tooLong: throw .gitFailed("what it shows is larger than \(limit >> 20) MiB")
        case .timedOut: throw .gitFailed("it takes too long")
        case .missing, .notStarted: throw .noGit
        }
    }

    // MARK: What is in files

    /// In a git work tree what git has or would take, elsewhere everything.
    private mutating func read(_ path: String) throws(Failure) {
        let kind: FileSystem.Kind
        do {
            kind = try FileSystem.kind(of: path)
        } catch {
            // One wrong name does not hide what is found behind the others.
            return unreadable.append(Unreadable(path: path, reason: "cannot be read: \(error); check the path"))
        }
        switch kind {
        case .regular: readFile(path, isNamed: true)
        case .other:
            let reason = "not looked at: no regular file; write it to a file and name that"
            unreadable.append(Unreadable(path: path, reason: reason))
        case .folder:
            let inside = try? Self.git(["-C", path, "rev-parse", "--is-inside-work-tree"], atMost: 64)
            guard inside?.starts(with: "true".utf8) == true else { return try walk(path, depth: 0) }
            let options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            let names = try Self.git(["-C", path] + options, atMost: Self.listLimit).split(separator: 0)
            for name in names.map({ String(decoding: $0, as: UTF8.self) }).withoutRepeats {
                readFile(Self.join(path, name), isNamed: false)
            }
        }
    }

    private mutating func walk(_ folder: String, depth: Int) throws(Failure) {
        let names: [String]
        do {
            names = try FileSystem.names(in: folder).filter { !Self.passedFolders.contains($0) }
        } catch {
            return unreadable.append(Unreadable(path: folder, reason: "not looked at: \(error)"))
        }
        guard depth < Self.depthLimit else {
            return unreadable.append(Unreadable(path: folder, reason: "not looked at: too many folders in folders"))
        }
        for path in names.map({ Self.join(folder, $0) }) {
            // Links are not followed; sockets and devices have no content.
            switch try? FileSystem.kind(of: path, followsLinks: false) {
            case .regular: readFile(path, isNamed: false)
            case .folder: try walk(path, depth: depth + 1)
            case .other, nil: break
            }
            guard textFiles + otherFiles <= Self.countLimit else { throw .tooMany(folder) }
        }
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    private mutating func readFile(_ path: String, isNamed: Bool) {
        guard needsContent(path) else { return }
        switch FileSystem.read(path, limit: Self.byteLimit, followsLinks: isNamed) {
        case .bytes(let bytes): scan(path, bytes)
        // Gone since it was listed, or a link, which leads to a file that is listed itself or is not in here.
        case .notRegular, .failure(.noEntry), .failure(.tooManyLinks): break
        case .failure(let error): unreadable.append(Unreadable(path: path, reason: "not looked at: \(error)"))
        }
    }

    // MARK: One file

    /// Settles what a name says.
    private mutating func needsContent(_ path: String) -> Bool {
        guard findings.count < Self.findingLimit else { return false }
        switch SecretScan.kind(of: path) {
        case .other: otherFiles += 1
        case .finding(let finding):
            otherFiles += 1
            findings.append((path, finding))
        case .yaml, .json, .example: return true
        }
        return false
    }

    private mutating func scan(_ path: String, _ bytes: [UInt8]) {
        textFiles += 1
        findings += SecretScan.findings(path: path, bytes: Array(bytes.prefix(Self.byteLimit))).map { (path, $0) }
        if bytes.count > Self.byteLimit {
            let reason = "only its first \(Self.byteLimit >> 20) MiB were looked at, and it is larger"
            unreadable.append(Unreadable(path: path, reason: reason))
        }
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
            "clean": .flag(findings.isEmpty && unreadable.isEmpty), "findings": .list(findings),
            "otherFiles": .number(otherFiles), "textFiles": .number(textFiles), "unreadable": .list(unreadable),
        ]
    }
}
