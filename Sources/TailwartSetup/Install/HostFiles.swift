/// A file that `tailwart install` puts on a host.
package struct HostFile: Sendable, Equatable {
    /// Absolute, whatever the root that it is installed into.
    package let path: String
    package let bytes: [UInt8]

    var isProgram: Bool { path == HostFiles.program }
    /// Made to be changed by hand, or before this comes.
    var isOperators: Bool { path == HostFiles.environment }
    var permissions: UInt32 { isProgram ? 0o755 : 0o644 }

    init(_ path: String, _ text: String) { self.init(path, Array(text.utf8)) }

    init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// What an edge needs on its host, and where: below `/usr/local` and `/etc`, which package managers leave to the administrator.
package enum HostFiles {
    package static let program = "/usr/local/bin/tailwart"
    /// Where a package has it, and so the unit of `deploy/systemd`.
    static let packagedProgram = "/usr/bin/tailwart"
    static let unit = "/etc/systemd/system/tailwart.service"
    /// What makes systemd start it at boot, as `systemctl enable` does.
    static let wantedUnit = "/etc/systemd/system/multi-user.target.wants/tailwart.service"
    static let users = "/etc/sysusers.d/tailwart.conf"
    static let folders = "/etc/tmpfiles.d/tailwart.conf"
    static let kernelSettings = "/etc/sysctl.d/50-tailwart.conf"
    static let environment = "/etc/default/tailwart"
    /// The operator's: it is never written and never removed.
    package static let configuration = "/etc/tailwart/tailwart.yaml"
    static let configurationFolder = "/etc/tailwart"
    static let banFolder = "/var/lib/tailwart"
    /// The unit keeps it when it stops.
    static let socketFolder = "/run/tailwart"
    static let user = "tailwart"

    /// - Parameters:
    ///   - completions: for bash, zsh and fish.
    ///   - pages: the manual.
    package static func all(
        program bytes: [UInt8], completions: (bash: String, zsh: String, fish: String), pages: [ManualPage]
    ) -> [HostFile] {
        [
            HostFile(program, bytes),
            HostFile(unit, UnitFile.text.replacing(packagedProgram, with: program)),
            HostFile(users, PackageResources.sysusers_conf),
            HostFile(folders, PackageResources.tmpfiles_conf),
            HostFile(kernelSettings, PackageResources.sysctl_conf),
            HostFile(environment, PackageResources.environment),
            HostFile("/usr/local/share/bash-completion/completions/tailwart", sourced(completions.bash)),
            HostFile("/usr/local/share/zsh/site-functions/_tailwart", sourced(completions.zsh)),
            HostFile("/usr/local/share/fish/vendor_completions.d/tailwart.fish", sourced(completions.fish)),
        ] + pages.map { HostFile("/usr/local/share/man/man\($0.section)/\($0.name)", $0.text) }
    }

    /// A shell reads it and does not run it.
    private static func sourced(_ script: String) -> String {
        guard script.hasPrefix("#!"), let end = script.firstIndex(of: "\n") else { return script }
        return String(script[script.index(after: end)...])
    }
}
