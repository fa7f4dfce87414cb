import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// A start that cannot be: why, what to do, and nothing is left behind.
    @Suite struct Start {
        @Test func `a bad file is refused before anything is bound`() async throws {
            try await TestHost.run { host in
                // A port that is taken: had the edge tried to bind, it would have said so.
                let taken = try TestListener()
                try host.folder.file("bad.yaml").write(
                    Echo.configuration(
                        listeningOn: "\(try taken.address)", upstream: "127.0.0.1:25", rest: "drain: soon\nwrokers: 2"))
                let run = try await Answer.tailwart(["run", "--config", "bad.yaml"], on: host)
                let check = try await Answer.tailwart(["check", "--config", "bad.yaml"], on: host)
                #expect(run.exitCode == 1)
                #expect(run.output.isEmpty)
                #expect(run.errors == check.output)
                #expect(run.errorLines.count == 2)
            }
        }

        @Test func `a taken port names its holder, and what was open is given back`() async throws {
            try await TestHost.run { host in
                let taken = try TestListener()
                let address = try taken.address
                let socket = host.folder.file("edge.sock")
                try host.folder.file("tailwart.yaml").write(
                    """
                    upstreams: {mailbox: {endpoints: ["127.0.0.1:25"]}}
                    listeners:
                      - {name: first, bind: ["unix:\(socket.path)"], protocol: smtp, to: mailbox}
                      - {name: second, bind: ["\(address)"], protocol: smtp, to: mailbox}
                      - {name: third, bind: ["192.0.2.1:\(try FreePort.take())"], protocol: smtp, to: mailbox}

                    """)
                let answer = try await Answer.tailwart(["run"], on: host)
                #expect(answer.exitCode == 3)
                let name = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8)
                    .trimmingCharacters(in: .newlines)
                let line = try #require(answer.errorLines.first)
                #expect(
                    line.contains("listener second: cannot listen on \(address): port \(address.port) is taken by "))
                #expect(line.contains("\(name) (process \(getpid()))"))
                #expect(line.hasSuffix("Stop that service, or choose another port or address for this listener."))
                #expect(answer.errorLines.count == 1, "an address that may come later is no reason not to start")
                #expect(!FileManager.default.fileExists(atPath: socket.path))
            }
        }

        @Test func `a port below 1024 needs a right, and the message says how to get it`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(
                    Echo.configuration(listeningOn: ":25", upstream: "127.0.0.1:2525"))
                let answer = try await Answer.tailwart(["run"], on: host, under: try Self.withoutRightToLowPorts())
                #expect(answer.exitCode == 3)
                #expect(answer.errors.contains("port 25 is not permitted to an ordinary user"), "\(answer.errors)")
                for fix in ["root", "setcap cap_net_bind_service=+ep", "sysctl net.ipv4.ip_unprivileged_port_start=25"]
                {
                    #expect(answer.errors.contains(fix))
                }
            }
        }

        /// Takes away one capability and leaves the user, who can then still read where the program was built.
        private static func withoutRightToLowPorts() throws -> [String] {
            let isRoot = geteuid() == 0
            let start = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
            // Containers often allow every port to everyone; a new network namespace begins with the kernel's 1024.
            let namespace =
                Int(start) == 1024
                ? []
                : [try Program("unshare", package: "util-linux").path, "--net"]
                    + (isRoot ? [] : ["--user"])
            let capability =
                isRoot
                ? [try Program("setpriv", package: "util-linux").path, "--bounding-set=-net_bind_service"] : []
            return namespace + capability
        }

        @Test func `a file at the path of a socket is not deleted`() async throws {
            try await TestHost.run { host in
                let precious = host.folder.file("precious")
                try precious.write("do not delete")
                try host.folder.file("tailwart.yaml").write(
                    Echo.configuration(listeningOn: "unix:\(precious.path)", upstream: "127.0.0.1:2525"))
                let answer = try await Answer.tailwart(["run"], on: host)
                #expect(answer.exitCode == 3)
                #expect(
                    answer.errors
                        == "listener smtp: cannot listen on unix:\(precious.path): a file that is not a socket is there. "
                        + "Move it away, or choose another path.\n")
                #expect(precious.text == "do not delete")
            }
        }

        @Test func `a socket's folder that is not there is named as the cause`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(
                    Echo.configuration(
                        listeningOn: "unix:\(host.folder.path)/none/edge.sock", upstream: "127.0.0.1:2525"))
                let answer = try await Answer.tailwart(["run"], on: host)
                #expect(answer.exitCode == 3)
                #expect(answer.errors.contains("its folder does not exist. Make it"))
            }
        }
    }
}
