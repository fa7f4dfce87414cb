import Glibc
import TailwartSystem

extension Installation {
    package enum Outcome: Sendable, Equatable {
        case done
        /// There was nothing to do after all.
        case none
        case failed(String)
    }

    /// Bytes that a program may say; more is none of ours.
    private static let outputLimit = 1 << 16
    /// A restart waits until connections have drained.
    private static let patience = Duration.seconds(180)

    /// Does one step of a plan.
    package func take(_ step: Step) async -> Outcome {
        switch step {
        case .makeFolder(let path): return Self.outcome(mkdir(place(path), 0o755), path)
        case .write(let file): return write(file)
        case .link(let path, let target): return Self.outcome(symlink(target, place(path)), path)
        case .note(let inventory): return write(HostFile(Inventory.path, inventory.text))
        case .remove(let path): return Self.outcome(unlink(place(path)), path)
        case .removeFolder(let path):
            guard rmdir(place(path)) != 0 else { return .done }
            return errno == ENOTEMPTY || errno == EEXIST ? .none : .failed("\(path): \(Errno.current)")
        case .leave: return .done
        case .makeUser: return await makeUser()
        case .run(let program, let arguments): return await run(program, arguments)
        }
    }

    private static func outcome(_ result: CInt, _ path: String) -> Outcome {
        result == 0 ? .done : .failed("\(path): \(Errno.current)")
    }

    private func write(_ file: HostFile) -> Outcome {
        do throws(SystemError) {
            try FileSystem.replace(place(file.path), with: file.bytes, permissions: file.permissions)
            return .done
        } catch {
            return .failed("\(file.path): \(error)")
        }
    }

    /// As `sysusers.conf` says, with what there is.
    private func makeUser() async -> Outcome {
        let other = root.isEmpty ? [] : [root]
        let known: [(String, [String])] = [
            ("systemd-sysusers", other.map { "--root=\($0)" } + ["tailwart.conf"]),
            (
                "useradd",
                other.flatMap { ["--prefix", $0] } + [
                    "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell",
                    "/usr/sbin/nologin", "--comment", "Tailwart mail edge", HostFiles.user,
                ]
            ),
        ]
        for (program, arguments) in known {
            let outcome = await run(program, arguments)
            if outcome != .none { return outcome }
        }
        return .failed("the user \(HostFiles.user): neither systemd-sysusers nor useradd is there; make it by hand")
    }

    /// - Returns: none if there is no such program.
    private func run(_ program: String, _ arguments: [String]) async -> Outcome {
        let line = ([program] + arguments).joined(separator: " ")
        switch await Command.system(program, arguments, atMost: Self.outputLimit, within: Self.patience) {
        case .ended(0, _, _): return .done
        case .ended(let code, _, let errors):
            let why = errors.split(separator: "\n").first.map(String.init) ?? "it ended with \(code)"
            return .failed("`\(line)`: \(why)")
        case .missing: return .none
        case .timedOut: return .failed("`\(line)` did not end in time")
        case .tooLong: return .failed("`\(line)` said too much")
        case .notStarted(let why): return .failed("`\(line)` was not started: \(why)")
        }
    }
}
