import Glibc
import TailwartSystem

extension Installation {
    /// What is to be done so that everything is there.
    package func plan() throws(Problem) -> [Step] {
        try checkRoot()
        try checkPackages()
        guard !isMasked else { throw .isMasked }
        let before = try inventory()
        var after = before
        var steps: [Step] = []
        var inTheWay: [String] = []
        for file in files {
            let found = try bytes(of: file.path)
            if let found, Self.areEqual(found, file.bytes) {
                // Perhaps from a run that was interrupted.
                after.files[file.path] = .some(file.isProgram ? nil : Inventory.checksum(found))
            } else if let found, file.isOperators, !before.isUntouched(file.path, found) {
                continue
            } else if found != nil, before.files[file.path] == nil {
                inTheWay.append(place(file.path))
            } else if let found, !before.isUntouched(file.path, found) {
                steps.append(
                    .leave(file.path, why: "it was changed by hand. Remove it and run this again to get the new one."))
            } else {
                steps += folders(above: file.path, made: &after.folders)
                steps.append(.write(file))
                after.files[file.path] = .some(file.isProgram ? nil : Inventory.checksum(file.bytes))
            }
        }
        guard inTheWay.isEmpty else { throw .inTheWay(inTheWay) }
        steps += folders(above: HostFiles.configuration, made: &after.folders)
        let isUpdate = !before.isEmpty
        let hasChanged = steps.contains(where: \.isChange)
        if !hasUser, isThere("/etc/passwd") { steps.append(.makeUser) }
        // Who has disabled it since wants it so.
        if !isUpdate, !isThere(HostFiles.wantedUnit) {
            steps += folders(above: HostFiles.wantedUnit, made: &after.folders)
            steps.append(.link(HostFiles.wantedUnit, to: HostFiles.unit))
            after.links.insert(HostFiles.wantedUnit)
        }
        if after != before {
            steps += folders(above: Inventory.path, made: &after.folders)
            steps.append(.note(after))
        }
        if isLive, hasChanged {
            steps += [
                .run("systemd-tmpfiles", ["--create", HostFiles.folders]),
                .run("sysctl", ["-q", "-p", HostFiles.kernelSettings]),
                .run("systemctl", ["daemon-reload"]),
            ]
            // The new program takes over from the one that runs, if one does.
            if isUpdate { steps.append(.restart) }
        }
        return steps
    }

    /// What is to be done so that nothing is there that ``plan()`` has made; nothing if it has made nothing.
    package func removal() throws(Problem) -> [Step] {
        try checkRoot()
        let made = try inventory()
        guard !made.isEmpty else { return [] }
        var steps: [Step] = []
        if isLive { steps.append(.stop) }
        for link in made.links.sorted() where isThere(link) { steps.append(.remove(link)) }
        for path in made.files.keys.sorted() {
            guard let found = try bytes(of: path) else { continue }
            steps.append(
                made.isUntouched(path, found)
                    ? .remove(path) : .leave(path, why: "it was changed since it was installed."))
        }
        steps.append(.remove(Inventory.path))
        // From the innermost on.
        steps += made.folders.union(isLive ? [HostFiles.socketFolder] : []).filter(isThere).sorted(by: >)
            .map(Step.removeFolder)
        if isLive { steps.append(.run("systemctl", ["daemon-reload"])) }
        return steps
    }

    /// Steps for the folders above a path that are not there yet, the outermost first.
    private func folders(above path: String, made: inout Set<String>) -> [Step] {
        var steps: [Step] = []
        var folder = FileSystem.folder(of: path)
        while folder != "/", !isThere(folder), made.insert(folder).inserted {
            steps.append(.makeFolder(folder))
            folder = FileSystem.folder(of: folder)
        }
        return steps.reversed()
    }

    /// Of a whole program too, so in the C library.
    private static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count, !first.isEmpty else { return first.count == second.count }
        return first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                guard let one = first.baseAddress, let other = second.baseAddress else { return false }
                return memcmp(one, other, first.count) == 0
            }
        }
    }
}
