import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Output {
        @Test(arguments: [
            ["version"], ["version", "--json"], ["config", "--schema"], ["--help"],
            ["gate", "--once", "--json", "--tcp", "127.0.0.1:1"],
        ])
        func `an answer that is lost is no success`(arguments: [String]) async throws {
            try await TestHost.run { host in
                let shell = try Program("sh", package: "dash")
                let words = ([try Program.edge().path] + arguments).joined(separator: " ")
                let process = try host.start("full", shell, ["-c", "\(words) > /dev/full"])
                #expect(try await process.exitCode() == 3)
                #expect(process.errors.text.contains("Standard output could not be written: "))
            }
        }

        @Test func `where standard descriptors are closed, no connection gets their numbers`() async throws {
            try await TestHost.run { host in
                let mailbox = try Echo.mailbox()
                let port = try FreePort.take()
                let edge = try await EdgeProcess(
                    on: host, ports: [port], under: ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"],
                    Echo.configuration(listeningOn: "127.0.0.1:\(port)", upstream: "\(mailbox.address)"))
                let client = try Echo.connect(to: port)
                #expect(try client.echo())
                for number in 0...2 {
                    let link = "/proc/\(edge.process.id)/fd/\(number)"
                    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
                }
                client.close()
                mailbox.close()
            }
        }

        @Test func `an answer for which standard output is closed is no success`() async throws {
            try await TestHost.run { host in
                let shell = try Program("sh", package: "dash")
                let process = try host.start("closed", shell, ["-c", "\(try Program.edge().path) version >&-"])
                #expect(try await process.exitCode() == 3)
            }
        }
    }
}
