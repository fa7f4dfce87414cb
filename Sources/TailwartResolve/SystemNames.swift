package import TailwartWire

/// One name, asked of the hosts file and the name servers of `/etc/resolv.conf` while the calling thread waits, up to half a minute.
/// Not `getaddrinfo`: a program that is one file cannot load what `/etc/nsswitch.conf` names.
package enum SystemNames {
    package enum Failure: Error, Equatable {
        /// There is no such name, or it has no address.
        case unknown
        /// What c-ares says.
        case away(String)
    }

    /// - Parameter servers: `address:port`, separated by commas, in place of those of `/etc/resolv.conf`.
    package static func addresses(of name: String, servers: String? = nil) throws(Failure) -> [IPAddress] {
        guard let lookup = Lookup([name], from: .system, servers: servers) else { throw .away("out of memory") }
        var answers: [LookupAnswer] = []
        while !lookup.isDone {
            Lookup.wait(for: [lookup], waker: nil, longest: -1)
            answers += lookup.takeAnswers()
        }
        switch answers.first?.outcome {
        case .addresses(let addresses, _): return addresses.interleaved
        case .failed(_, .noAddress), nil: throw .unknown
        case .failed(let reason, _): throw .away(reason)
        }
    }
}
