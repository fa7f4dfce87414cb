import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// The page of the admin interface in a real browser.
    @Suite struct Browser {
        @Test func `the page shows what is wrong with its fix, follows connections, and runs nothing of strangers`()
            async throws
        {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                // What a mail server says ends in the page.
                let stranger = try FakeMailbox { connection, _ in
                    try connection.send(Array("554 <b id=strange>go away</b>\r\n".utf8))
                    while try !connection.receive().isEmpty {}
                }
                let (port, away) = (try FreePort.take(), try FreePort.take())
                let (odd, admin, proxied) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                _ = try await EdgeProcess(
                    on: host, ports: [port, away, admin],
                    """
                    admin: {socket: off, listen: ["127.0.0.1:\(admin)"]}
                    tailscale: off
                    upstreams:
                      mailbox: {endpoints: ["\(mailbox.address)"], health: off}
                      away: {endpoints: ["127.0.0.1:2"], health: {interval: 1s, timeout: 1s}}
                      strange: {endpoints: ["\(stranger.address)"], health: {interval: 1s, timeout: 1s}}
                    listeners:
                      - {name: good, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: mailbox}
                      - {name: bad, bind: ["127.0.0.1:\(away)"], protocol: smtp, to: away}
                      - name: proxied
                        bind: ["127.0.0.1:\(proxied)"]
                        protocol: smtp
                        proxy_protocol_in: {trusted: [192.0.2.0/24]}
                        to: mailbox
                      - {name: odd, bind: ["127.0.0.1:\(odd)"], protocol: smtp, to: strange}
                    """)
                let pictures = ProcessInfo.processInfo.environment["PICTURES"].map { [$0] } ?? []
                let process = try host.start(
                    "browser", try Program("env", package: "coreutils"),
                    [
                        "AWAY=\(away)", "PROXIED=\(proxied)",
                        try Program("python3", package: "python3", in: ["/usr/bin"]).path, Self.script,
                        "http://127.0.0.1:\(admin)/", "\(port)",
                    ] + pictures)
                let code = try await process.exitCode(within: .seconds(180))
                #expect(code == 0, "\(process.errors.text)")
                let seen = try JSONReader.read(Array(process.output.text.utf8).span)
                func text(_ key: String) -> String { seen[key]?.text ?? "" }
                #expect(text("verdict").contains("wrong"), "\(seen)")
                #expect(text("title").contains("wrong"))
                #expect(text("problems").contains("nothing listens on this port"), "\(text("problems"))")
                #expect(text("problems").contains("Enable the port in the mail server"))
                #expect(text("listeners").contains("good"))
                #expect(text("places").contains("refused"), "\(text("places"))")
                #expect(text("refusals").contains("bad"), "\(text("refusals"))")
                #expect(text("away").contains("1 × proxy header untrusted"), "\(text("away"))")
                #expect(text("bans") == "No network is banned.")
                #expect(text("dark") == "rgb(17, 22, 28)")
                #expect(seen["width"]?.integer == 390)
                #expect(seen["foreign"]?.integer == 0)
                #expect(text("problems").contains("<b id=strange>"), "\(text("problems"))")
                #expect(seen["outside"]?.list?.isEmpty == true, "\(seen)")
                #expect(seen["console"]?.list?.isEmpty == true, "\(seen)")
                mailbox.close()
                stranger.close()
            }
        }

        private static let script =
            URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "browser.py")
            .path
    }
}
