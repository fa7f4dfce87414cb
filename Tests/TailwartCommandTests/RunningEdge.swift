import Foundation
import TailwartSandbox
import TailwartTesting
import TailwartWire

/// An edge that runs while a command asks it, at `admin.sock` in the test's folder.
enum RunningEdge: Sendable {
    /// With a connection that was over, and one that is open.
    case good
    /// With all that a status can show: a mailbox with a certificate of its own, another one that is away, a tailscaled that is.
    case bad
    /// Whose file has changed since.
    case changed
    /// Whose file has become bad.
    case broken

    struct Started {
        fileprivate let sandbox: Sandbox?
        fileprivate let mailbox: FakeMailbox
        fileprivate let clients: [TestSocket]

        func end() async {
            for client in clients { client.close() }
            mailbox.close()
            await sandbox?.shutdown()
        }
    }

    func start(on host: TestHost) async throws -> Started {
        let mailbox = try Echo.mailbox()
        let sandbox = self == .bad ? try await Sandbox.start() : nil
        let ports = (try FreePort.take(), try FreePort.take(), try FreePort.take())
        let admin = "admin: {socket: \(host.folder.path)/admin.sock}"
        let good = Echo.configuration(
            listeningOn: "127.0.0.1:\(ports.0)", upstream: "\(mailbox.address)",
            rest: "\(admin)\ntailscale: off\nbans: {file: \(host.folder.path)/bans}")
        let bad = """
            \(admin)
            tailscale: {socket: \(host.folder.path)/none.sock}
            upstreams:
              mailbox:
                endpoints: ["localhost:\(sandbox?.ports.imaps ?? 0)"]
                proxy_protocol: v2
                health: {interval: 1s, timeout: 1s}
              away: {endpoints: ["away.tail1234.ts.net:2"], via: tailscale, health: {interval: 1s, timeout: 1s}}
            listeners:
              - {name: imaps, bind: ["127.0.0.1:\(ports.0)"], protocol: imaps, to: mailbox}
              - {name: smtp, bind: ["127.0.0.1:\(ports.1)"], protocol: smtp, to: away}
              - {name: proxied, bind: ["127.0.0.1:\(ports.2)"], protocol: smtp, to: away, proxy_protocol_in: {trusted: [192.0.2.1]}}

            """
        _ = try await EdgeProcess(on: host, ports: [ports.0], self == .bad ? bad : good)
        var clients: [TestSocket] = []
        let file = host.folder.file("tailwart.yaml")
        switch self {
        case .good:
            let over = try Echo.connect(to: ports.0)
            _ = try over.echo()
            over.close()
            let open = try Echo.connect(to: ports.0)
            _ = try open.echo()
            clients = [open]
        case .bad:
            let over = try Echo.connect(to: ports.1)
            over.close()
            // Where only a proxy may come.
            let strange = try Echo.connect(to: ports.2)
            strange.close()
            try await untilAnswered("all is known") {
                let answer = try await Answer.tailwart(
                    ["status", "--json", "--socket", "\(host.folder.path)/admin.sock"], on: host)
                let status = try JSONReader.read(Array(answer.output.utf8).span)
                let lists = ["certificates", "names", "tailnet", "endings", "events", "turned_away"]
                let places = status["places"]?.list ?? []
                let isKnown = places.allSatisfy { !["unknown", nil].contains($0["standing"]?.text) }
                return isKnown && lists.allSatisfy { status[$0]?.list?.isEmpty == false } ? true : nil
            }
        case .changed: try file.write("drain: 7s\n" + file.text)
        case .broken: try file.write("drain: soon\n" + file.text)
        }
        return Started(sandbox: sandbox, mailbox: mailbox, clients: clients)
    }
}

/// Waits for a value, asking again and again, where asking takes a moment too.
@discardableResult
func untilAnswered<Value>(_ what: String, _ attempt: () async throws -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
        if let value = try await attempt() { return value }
        guard ContinuousClock.now < deadline else { throw TestFailure("it took too long: \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
