/// The test could not be set up or its client could not be run: what, and what to do.
struct SetUpError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    static func missing(_ what: String, package: String) -> SetUpError {
        SetUpError("\(what) is missing; install Debian's package \(package) or run: scripts/setup.sh test")
    }
}
