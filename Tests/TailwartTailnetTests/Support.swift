import NIOCore
import NIOPosix
import TailwartTailnet
import TailwartTesting
import TailwartWire

/// A fake tailscaled and a client of it, for one test; the fake has ended when the test is over.
func withTailscaled(
    _ tailnet: FakeTailscaled.Tailnet = .init(), isThere: Bool = true,
    _ body: (FakeTailscaled, LocalAPI) async throws -> Void
) async throws {
    let tailscaled = try FakeTailscaled(tailnet, isThere: isThere)
    defer { tailscaled.close() }
    try await body(tailscaled, LocalAPI(socket: tailscaled.path, group: MultiThreadedEventLoopGroup.singleton))
}

/// Generous: reached only by a test that fails, or where running out of it is what is tested.
let patience = Duration.seconds(20)

let stalwart = "stalwart.tail1234.ts.net"
let stalwartAddresses: [IPAddress] = [.v4(0x6440_0003), .v6(0xfd7a_115c_a1e0_0000, 3)]

extension LocalAPI {
    /// The error that asking for the status comes to; nil if it succeeds.
    func failure(within timeout: Duration = patience) async -> LocalAPIError? {
        do throws(LocalAPIError) {
            _ = try await status(timeout: timeout)
            return nil
        } catch {
            return error
        }
    }
}
