import TailwartWire

extension Configuration {
    /// The host names that need resolving, each once, in the order of the file.
    ///
    /// Not those behind a SOCKS proxy or tailscaled, which resolve them themselves.
    package var hostNames: [String] {
        upstreams.flatMap { upstream -> [String] in
            guard upstream.via == .direct else { return [] }
            return upstream.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } }
        }.withoutRepeats
    }

    /// The host names that tailscaled may know, each once: those that are resolved here, and those that it dials.
    package var tailnetNames: [String] {
        upstreams.filter { upstream in if case .socks5 = upstream.via { false } else { true } }
            .flatMap { $0.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } } }
            .withoutRepeats
    }
}
