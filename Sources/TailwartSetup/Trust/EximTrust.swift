import TailwartCore
import TailwartWire

/// Exim: `hosts_proxy` of chapter "Proxies" in its specification.
enum EximTrust {
    static func guide(_ all: [DialledPort], _ edges: [IPAddress]) -> (steps: [TrustGuide.Step], warnings: [String]) {
        let ports = TrustText.headed(all, [.smtp, .submission, .submissions])
        guard !ports.isEmpty else { return TrustText.nothing(.exim, "25, 465, 587") }
        let steps = [
            TrustGuide.Step(
                "Main section of the configuration (Debian: /etc/exim4/conf.d/main/01_tailwart, and the package exim4-daemon-heavy: the light "
                    + "one has no PROXY protocol). Semicolons separate the list, since IPv6 addresses have colons:",
                hosts(edges)),
            TrustGuide.Step("Then:", "exim4 -bV >/dev/null && systemctl restart exim4"),
        ]
        let warnings = [
            "with these lines Exim requires the header from these addresses on every port, within three seconds. It rejects everything else from the "
                + "edge's host, such as its own status mail."
        ]
        return (steps, warnings + TrustText.headless(all, [.smtp, .submission, .submissions]))
    }

    static func hosts(_ edges: [IPAddress]) -> String {
        "hosts_proxy = <; " + edges.map(\.description).joined(separator: " ; ")
    }
}
