extension PolicyCheck.Port {
    /// The answer in one word: `granted`, `missing` or `unknown`.
    package var state: String {
        switch match {
        case .yes: "granted"
        case .no: "missing"
        case .unknown: "unknown"
        }
    }
}

extension PolicyCheck {
    /// One sentence on all ports.
    package var summary: String {
        let granted = ports.filter { $0.match == .yes }.count
        let reached = tagsInUse.map { tag in
            "\(tag) on \(PortSet(ports.filter { $0.match == .yes && $0.need.tag == tag }.map(\.need.port)))"
        }
        if granted == ports.count { return "\(tags.edge) may reach \(reached.joined(separator: ", and "))." }
        let places = ports.count == 1 ? "the one port" : "the \(ports.count) ports"
        return "\(granted) of \(places) that \(tags.edge) dials \(granted == 1 ? "is" : "are") granted for certain."
    }
}
