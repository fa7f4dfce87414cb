package import TailwartWire

/// One name, asked of the hosts file and the name servers of `/etc/resolv.conf` while the calling thread waits for both families, up to
/// half a minute.
/// Not `getaddrinfo`: a program that is one file cannot load what `/etc/nsswitch.conf` names.
package enum SystemNames {
    package enum Failure: Error, Equatable {
        /// There is no such name, or it has no address.
        case unknown
        /// What c-ares says.
        case away(String)
    }

    package static func addresses(
        of name: String, servers: ResolvConf = .current()
    ) throws(Failure) -> [IPAddress] {
        guard let lookup = Lookup([name], from: .system, servers) else { throw .away("out of memory") }
        var answers: [LookupAnswer] = []
        repeat {
            Lookup.wait(for: [lookup], waker: nil, longest: -1)
            answers += lookup.takeAnswers()
        } while !lookup.isDone
        switch answers.last?.outcome {
        case .addresses(let addresses, _): return addresses.interleaved
        case .failed(_, .noAddress), nil: throw .unknown
        case .failed(let reason, _): throw .away(reason)
        }
    }
}
