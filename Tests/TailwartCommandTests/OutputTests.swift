import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Output {
        @Test(arguments: [["version"], ["version", "--json"], ["config", "--schema"], ["--help"]])
        func `an answer that is lost is no success`(arguments: [String]) async throws {
            try await TestHost.run { host in
                let shell = try Program("sh", package: "dash")
                let words = ([try Program.edge().path] + arguments).joined(separator: " ")
                let process = try host.start("full", shell, ["-c", "\(words) > /dev/full"])
                #expect(try await process.exitCode() == 3)
                #expect(process.errors.text.contains("Standard output could not be written: "))
            }
        }
    }
}
