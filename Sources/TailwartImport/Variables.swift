/// Environment variables that the file refers to, each with a value that may stand where it stands, so that what comes out can
/// be checked where they are not set.
struct Variables {
    enum Use {
        case host
        case listenHost
        case listenHostV6
        case port
        case hostAndPort
        case header
        case network
        case name

        /// - Parameter number: different for each variable, as two addresses or ports to listen on must be.
        func sample(_ number: Int) -> String {
            switch self {
            case .host, .name: "name.invalid"
            case .listenHost: "192.0.2.\(number % 250)"
            case .listenHostV6: "2001:db8::\(number % 1000)"
            case .port: "\(number % 65_535)"
            case .hostAndPort: "name.invalid:1"
            case .header: "v2"
            case .network: "192.0.2.0/24"
            }
        }
    }

    private(set) var samples: [String: String] = [:]
    /// In the order of the file.
    private(set) var names: [String] = []

    /// - Returns: the reference as ours has it; nil if the name cannot be one of ours.
    mutating func refer(to name: String, as use: Use) -> String? {
        guard let first = name.unicodeScalars.first, !("0"..."9").contains(first),
            name.unicodeScalars.allSatisfy({ scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": true
                default: false
                }
            })
        else { return nil }
        if samples[name] == nil {
            names.append(name)
            samples[name] = use.sample(names.count)
        }
        return "${\(name)}"
    }

    /// Says what the variables of a text stand for, where that was not known when they were read.
    mutating func specify(_ text: String, as use: Use) {
        for (number, name) in names.enumerated() where text.contains("${\(name)}") || text.contains("${\(name):") {
            samples[name] = use.sample(number + 1)
        }
    }
}

extension String {
    /// A literal as the value of our file, where `$` begins a variable.
    var escapedForOurs: String { split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$") }
}
