import TailwartWire

extension Sequence<IPAddress> {
    /// The families in turn, IPv4 first, each in its own order: where one family is dead, an address of the other is only one connect
    /// away. A tailnet has both, and IPv4 there is the one that is always on.
    var interleaved: [IPAddress] {
        let (v4, v6) = (filter(\.isV4), filter { !$0.isV4 })
        return (0..<Swift.max(v4.count, v6.count)).flatMap { index in
            [v4, v6].compactMap { index < $0.count ? $0[index] : nil }
        }
    }
}
