/// `deploy/edge/compose.yaml`.
package enum ComposeFile {
    /// As in the repository, where the image can be built.
    package static let text = String(decoding: PackageResources.compose_yaml, as: UTF8.self)

    /// For a folder outside the repository: the image is built or loaded beforehand, so `build` is left out.
    ///
    /// - Parameters:
    ///   - hasTailnet: else nothing of tailscaled is waited for, mounted or asked.
    ///   - hasVariables: whether the configuration has some.
    static func onHost(hasTailnet: Bool, hasVariables: Bool) -> String {
        let dropped =
            ["    build:"] + (hasVariables ? [] : ["    environment:"]) + (hasTailnet ? [] : ["      - type: bind"])
        // Of the block that is left out.
        var indentation: Int?
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let own = line.prefix { $0 == " " }.count
            if let outer = indentation, own > outer { return false }
            indentation = dropped.contains(String(line)) ? own : nil
            return indentation == nil && (hasTailnet || !(line.contains("# ") && line.contains("tailscale")))
        }
        let text = lines.joined(separator: "\n")
        return hasTailnet
            ? text
            : text.replacing("is on the tailnet already", with: "reaches the mailbox already")
                .replacing(", and the tailnet is the host's", with: "").replacing("--tailscale, ", with: "")
                .replacing("Is this host on the tailnet, and does", with: "Does")
    }
}
