import TailwartCore
import TailwartWire

/// The route match: the number of names must not matter.
enum RouteBenchmarks {
    static var all: [Measurement] {
        [matchesEverything] + [1, 10, 1000].map(byName) + [1, 10, 1000].map(wildcard)
    }

    private static var matchesEverything: Measurement {
        let table = RouteTable([Route(to: .upstream("mailbox", port: nil))])
        return Measurement("route, one that matches everything") { count in
            for _ in 0..<count { consume(table.decide(client: .loopbackV4, hello: .none)) }
        }
    }

    /// Asks for the last of so many names, each with a route of its own.
    private static func byName(_ names: Int) -> Measurement {
        let table = table(names) { "host\($0).example.org" }
        return decide("route by name, \(names) names", table, "host\(names - 1).example.org")
    }

    private static func wildcard(_ names: Int) -> Measurement {
        let table = table(names) { "*.zone\($0).example.org" }
        return decide("route by wildcard, \(names) names", table, "mail.zone\(names - 1).example.org")
    }

    private static func table(_ names: Int, _ pattern: (Int) -> String) -> RouteTable {
        RouteTable(
            (0..<names).compactMap { number in
                ServerNamePattern(pattern(number)).map {
                    Route(match: RouteMatch(serverNames: [$0]), to: .upstream("mailbox", port: nil))
                }
            })
    }

    private static func decide(_ name: String, _ table: RouteTable, _ asked: String) -> Measurement {
        let note = HelloNote(ClientHello(serverName: InlineBytes(asked)))
        return Measurement(name) { count in
            for _ in 0..<count {
                guard case .route(let index) = table.decide(client: .loopbackV4, hello: .hello(note)) else {
                    fatalError("no route")
                }
                consume(index)
            }
        }
    }
}
