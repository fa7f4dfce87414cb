import TailwartCore
package import TailwartWire

/// nginx as the web server behind 443: `proxy_protocol` of `listen`, and ngx_http_realip_module.
package enum NginxTrust {
    /// Lines of a `server` block.
    ///
    /// - Parameters:
    ///   - address: to listen on; all if nil.
    ///   - takesHeader: whether every client must send a PROXY header.
    ///   - edges: whose header is believed.
    package static func server(
        port: UInt16, on address: IPAddress? = nil, takesHeader: Bool = true, edges: [IPAddress]
    ) -> String {
        let place = address.map { "\(InternetAddress($0, port: port))" } ?? "\(port)"
        guard takesHeader else { return "listen \(place) ssl;" }
        let lines =
            ["listen \(place) ssl proxy_protocol;"] + edges.map { "set_real_ip_from \($0);" }
            + ["real_ip_header proxy_protocol;"]
        return lines.joined(separator: "\n")
    }

    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let ports = all.filter { $0.proto == .https }
        let headed = ports.filter { $0.header != .none }
        guard !headed.isEmpty else {
            let wanted = ports.isEmpty ? "there is no web server behind 443" : "the edge sends no header on 443"
            return (
                [
                    TrustGuide.Step(
                        "Nothing to set: \(wanted) in this configuration. nginx then sees the edge's address as every visitor's. "
                            + "To send a header, write `web: {address: …, proxy_protocol: v2}` in tailwart.yaml, and run this command again."
                    )
                ], []
            )
        }
        let steps = [
            TrustGuide.Step(
                "In the server block of each port that the edge dials. Every listen line of that port needs proxy_protocol, and every client "
                    + "of the port must then send a header:",
                headed.map { server(port: $0.port, edges: edges) }.joined(separator: "\n")),
            TrustGuide.Step("Then:", "nginx -t && systemctl reload nginx"),
        ]
        return (steps, TrustText.headless(ports, [.https]))
    }
}
