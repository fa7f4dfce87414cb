import NIOCore
package import TailwartClient
import TailwartCore

extension Prober {
    /// Whether Stalwart's setup page answers on the host of that endpoint, asked with a plain `GET /healthz/live`.
    package func isSetupPortOpen(
        _ way: DialWay, port: UInt16 = EndpointDiagnosis.setupPort, timeout: Duration
    ) async -> Bool {
        guard let way = way.toPort(port) else { return false }
        guard
            case .connected(let connection, _) = await Dial(way: way, deadline: Self.deadline(timeout), group: group)
                .run()
        else { return false }
        connection.send(
            Array("GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
        let line = try? await connection.lineBytes()
        await connection.end(saying: nil)
        return line.map { Greeting($0) } == .http
    }
}
