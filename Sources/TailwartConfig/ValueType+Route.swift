import TailwartCore
import TailwartWire

extension ValueType<Route.Target> {
    /// `name`, `name:port` or `close`.
    static var target: ValueType {
        let shape = TextShape(
            name: "target", pattern: "\(ValueType<String>.namePattern)(:\(Pattern.port))?", mayLookOtherwise: true)
        return .scalar("the name of an upstream, name:port, or close", .text(shape)) { text throws(Complaint) in
            if text == "close" { return .close }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard ValueType<String>.isName(parts[0]) else {
                throw Complaint("destinations are defined under 'upstreams', and named here")
            }
            guard parts.count == 2 else { return .upstream(text, port: nil) }
            guard let port = ValueType<UInt16>.parsePort(parts[1]) else {
                throw Complaint("the port must be from 1 to 65535")
            }
            return .upstream(String(parts[0]), port: port)
        }
    }
}

/// A match with the position of its first condition that needs the ClientHello.
struct ReadMatch {
    let match: RouteMatch
    let helloPosition: TextPosition?
}

extension ValueType<ReadMatch> {
    static var match: ValueType {
        .mapping("'match'") { reader in
            let names = reader.value(
                "sni", .list(of: .serverName, "a list of server names such as [mail.example.org]"),
                about: "The name that the client asks for in its TLS hello, exact or \"*.\" for one label.")
            let alpn = reader.value(
                "alpn", .list(of: .alpn, "a list of ALPN protocol names such as [h2]"),
                about: "Any of the protocols that the client offers in its TLS hello.")
            let clients = reader.value(
                "client", .list(of: .network, "a list of networks such as [192.0.2.0/24]"),
                about: "The client's address.")
            let not = reader.value("not", .match, about: "What these keys do not match.")
            reader.checkNotEmpty(message: "an empty match; leave it out to match everything")
            let match = RouteMatch(
                serverNames: names ?? [], alpn: alpn ?? [], clients: clients ?? [], not: not.map { [$0.match] } ?? [])
            let helloPositions = [reader.keyPosition(of: "sni"), reader.keyPosition(of: "alpn"), not?.helloPosition]
            return ReadMatch(match: match, helloPosition: helloPositions.compactMap(\.self).min())
        }
    }
}
