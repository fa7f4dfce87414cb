import TailwartAdmin
import TailwartCore
import TailwartProbe

/// What `tailwart probe` has done.
extension Edge {
    /// Has the places of these upstreams probed now; of all where none is named.
    ///
    /// - Parameter done: called once, on any thread, with what is known then.
    /// - Returns: why it cannot be.
    func probe(
        _ upstreams: [String], done: @escaping @Sendable (CommandAnswer) -> Void
    ) -> CommandAnswer.Problem? {
        let configuration = configuration
        let names = configuration.upstreams.map(\.name)
        if let unknown = upstreams.first(where: { !names.contains($0) }) {
            return .init(
                .error, "this edge has no upstream \(unknown)", fix: "It has \(names.joined(separator: ", "))")
        }
        let places = ProbeSubject.all(of: configuration).map(\.place)
        if let silent = upstreams.first(where: { name in !places.contains { $0.upstream == name } }) {
            return Self.unprobed("the upstream \(silent) is")
        }
        let keys = Set(places.filter { upstreams.isEmpty || upstreams.contains($0.upstream) })
        guard !keys.isEmpty else {
            done(ProbeAnswer(problems: [Self.unprobed("all upstreams are", .warning)]).answer)
            return nil
        }
        let isBegun = watchers.probe(keys, within: ProbeAnswer.patience) { unprobed in
            done(self.probed(keys, but: unprobed))
        }
        return isBegun ? nil : .init(.error, "nothing is probed yet", fix: "Ask again in a moment")
    }

    private static func unprobed(
        _ what: String, _ severity: CommandAnswer.Problem.Severity = .error
    ) -> CommandAnswer.Problem {
        .init(
            severity,
            "\(what) not probed: the file says health: off, or no listener leads there whose protocol can be probed",
            fix: "See 'tailwart config'")
    }
}
