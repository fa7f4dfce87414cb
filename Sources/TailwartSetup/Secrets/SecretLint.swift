package import TailwartCore
import TailwartSystem
import TailwartWire

/// Looks for secrets in the files of a repository before they are committed.
package struct SecretLint {
    /// Text of this length nobody writes by hand.
    package static let byteLimit = 16 << 20
    /// Bytes of a list of paths from git.
    private static let listLimit = 64 << 20

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// By path, in the order in which the files were read.
    package private(set) var findings: [(path: String, finding: SecretFinding)] = []
    /// Files that could not be looked at, with what was not done and why, as it is said behind the path.
    package private(set) var unreadable: [(path: String, reason: String)] = []
    /// Files that were looked into.
    package private(set) var textFiles = 0
    /// Files that are known by their names alone.
    package private(set) var otherFiles = 0

    /// - Parameters:
    ///   - paths: files and folders; with `staged`, only what git has staged below them.
    package init(_ paths: [String], staged: Bool) throws(Failure) {
        if staged {
            try lookAtStaged(paths)
        } else {
            for path in paths.isEmpty ? ["."] : paths { lookAt(named: path) }
        }
    }

    private mutating func lookAtStaged(_ paths: [String]) throws(Failure) {
        let options = ["--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT", "--"]
        // `:100644 100644 OLD NEW M`, a zero byte, the path, a zero byte.
        let fields = try Self.git(["diff"] + options + paths)
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let words = fields[index].split(separator: " ")
            // Regular files only: a symbolic link's content is a path, a submodule has none.
            guard words.count == 5, words[1].hasPrefix("100") else { continue }
            lookAt(fields[index + 1]) { () throws(Failure) in
                try Self.output(of: ["cat-file", "blob", String(words[3])], atMost: Self.byteLimit)
            }
        }
    }

    /// A file that a person names, or of a folder what git has in it or would take.
    private mutating func lookAt(named path: String) {
        do throws(Errno) {
            switch try FileSystem.kind(of: path) {
            case .regular: return lookAtFile(path, followsLinks: true)
            case .other: return leaveOut(path, "not looked at: no regular file; write it to a file and name that")
            case .folder: break
            }
        } catch {
            // One wrong name does not hide what is found behind the others.
            return leaveOut(path, "cannot be read: \(error); check the path")
        }
        do throws(Failure) {
            let options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            for name in try Self.git(["-C", path] + options).withoutRepeats {
                lookAtFile(path == "." ? name : path.hasSuffix("/") ? path + name : "\(path)/\(name)")
            }
        } catch {
            leaveOut(path, "not looked at: \(error)")
        }
    }

    private mutating func lookAtFile(_ path: String, followsLinks: Bool = false) {
        lookAt(path) { () throws(Failure) in
            switch FileSystem.read(path, limit: Self.byteLimit, followsLinks: followsLinks) {
            case .bytes(let bytes) where bytes.count > Self.byteLimit:
                throw Failure(description: "it is larger than \(Self.byteLimit >> 20) MiB")
            case .bytes(let bytes): bytes
            // Gone since it was listed, or a link, which leads to a file that is listed itself or is not in here.
            case .notRegular, .failure(.noEntry), .failure(.tooManyLinks): nil
            case .failure(let error): throw Failure(description: "\(error)")
            }
        }
    }

    /// - Parameter content: read where the name alone says too little; nil: there is nothing to look at.
    private mutating func lookAt(_ path: String, _ content: () throws(Failure) -> [UInt8]?) {
        switch SecretScan.kind(of: path) {
        case .finding(let finding):
            findings.append((path, finding))
            otherFiles += 1
        case .other: otherFiles += 1
        case .yaml, .json, .example:
            do throws(Failure) {
                guard let bytes = try content() else { return }
                textFiles += 1
                findings += SecretScan.findings(path: path, bytes: bytes).map { (path, $0) }
            } catch {
                leaveOut(path, "not looked at: \(error)")
            }
        }
    }

    private mutating func leaveOut(_ path: String, _ reason: String) { unreadable.append((path, reason)) }

    // MARK: git

    /// What git says with a zero byte behind each part.
    private static func git(_ arguments: [String]) throws(Failure) -> [String] {
        try output(of: arguments, atMost: listLimit).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func output(of arguments: [String], atMost limit: Int) throws(Failure) -> [UInt8] {
        let reason: String
        switch Command.run("git", arguments, atMost: limit, within: .seconds(300)) {
        case .ended(0, let output, _): return output
        case .ended(_, _, let errors):
            reason = "git failed: \(errors.split(separator: "\n").first ?? "it says nothing")"
        case .tooLong: reason = "git failed: what it shows is larger than \(limit >> 20) MiB"
        case .timedOut: reason = "git failed: it takes too long"
        case .missing, .notStarted: reason = "git cannot be started"
        }
        throw Failure(
            description: reason + "; run this inside of a git work tree, or name the files: tailwart lint-secrets FILE…"
        )
    }

    // MARK: The answer

    package var lines: [String] {
        let lines = findings.map { path, finding in
            "\(path.printable):\(finding.line):\(finding.column): \(finding.what); \(finding.fix)"
        }
        // "No secrets" would be no answer where nothing was looked at.
        guard unreadable.isEmpty || textFiles + otherFiles > 0 else { return lines }
        let others = otherFiles == 0 ? "" : "; of \(otherFiles) more only the name was looked at"
        let count = findings.isEmpty ? "No" : "\(findings.count)"
        let secrets = "\(count) \(findings.count == 1 ? "secret" : "secrets")"
        return lines + ["\(secrets) in \(textFiles) \(textFiles == 1 ? "file" : "files")\(others)."]
    }

    package var answer: CommandAnswer {
        let secrets = findings.map { path, finding in
            CommandAnswer.Problem(
                .error, finding.what, fix: finding.fix, file: path,
                at: TextPosition(line: finding.line, column: finding.column))
        }
        let others = unreadable.map { CommandAnswer.Problem(.error, $0.reason, file: $0.path) }
        return Self.answer(problems: secrets + others, textFiles: textFiles, otherFiles: otherFiles)
    }

    /// Where nothing could be looked at.
    package static func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(problems: problems, textFiles: 0, otherFiles: 0)
    }

    private static func answer(
        problems: [CommandAnswer.Problem], textFiles: Int, otherFiles: Int
    ) -> CommandAnswer {
        CommandAnswer(
            isGood: problems.isEmpty, problems: problems,
            ["text_files": .number(textFiles), "other_files": .number(otherFiles)])
    }
}
