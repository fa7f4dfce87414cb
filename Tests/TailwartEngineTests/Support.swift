import Glibc
import Synchronization
import TailwartCore
import TailwartTesting
import TailwartWire

let mebibyte = 1024 * 1024

/// A client and an upstream with the engine between them.
struct Pair {
    let client: TestSocket
    let upstream: TestSocket

    /// Connects a client and takes the connection that it leads to.
    init(_ edge: EngineHarness, _ mailbox: TestListener, from source: IPAddress? = nil) throws {
        client = try edge.connect(from: source)
        upstream = try mailbox.accept()
    }

    init(client: TestSocket, upstream: TestSocket) {
        self.client = client
        self.upstream = upstream
    }

    /// The socket of a side.
    func socket(_ side: Side) -> TestSocket { side == .client ? client : upstream }
    func other(_ side: Side) -> TestSocket { side == .client ? upstream : client }

    /// A byte each way: the relay has begun and both legs are watched.
    func exchange() throws {
        try client.send([1])
        guard try upstream.receive(exactly: 1) == [1] else { throw TestFailure("another byte reached the upstream") }
        try upstream.send([2])
        guard try client.receive(exactly: 1) == [2] else { throw TestFailure("another byte reached the client") }
    }

    /// Both finish in order.
    func finish() throws {
        client.finish()
        upstream.finish()
        guard try client.receiveToEnd() == ([], .finished), try upstream.receiveToEnd() == ([], .finished) else {
            throw TestFailure("the connection did not end in order")
        }
    }
}

extension RouteMatch {
    /// A condition on the server name.
    static func name(_ text: String) -> RouteMatch {
        RouteMatch(serverNames: ServerNamePattern(text).map { [$0] } ?? [])
    }
}

/// 127.77.0.0/16: addresses that no other test listens on.
private let nextLonelyAddress = Atomic<UInt32>(0x7f4d_0001)

/// An address of loopback for one test alone, so that a port which nobody has there stays free.
func lonelyAddress() -> IPAddress {
    .v4(nextLonelyAddress.add(1, ordering: .relaxed).oldValue)
}

/// Where nobody listens.
func closedAddress() throws -> InternetAddress {
    let listener = try TestListener(lonelyAddress())
    defer { listener.close() }
    return try listener.address
}

private let nextPath = Atomic<Int>(0)

/// A path for a unix socket that does not exist.
func freePath() -> String {
    "/tmp/tailwart-engine-\(getpid())-\(nextPath.add(1, ordering: .relaxed).oldValue).sock"
}

/// Whether `bytes` is `block` again and again, cut somewhere; fast in debug builds.
func isRepetition(_ bytes: [UInt8], of block: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
        block.withUnsafeBytes { block in
            guard let start = bytes.baseAddress, let model = block.baseAddress, !block.isEmpty else {
                return bytes.isEmpty
            }
            return stride(from: 0, to: bytes.count, by: block.count).allSatisfy { offset in
                memcmp(start + offset, model, min(block.count, bytes.count - offset)) == 0
            }
        }
    }
}

/// Reads until the end of the stream and checks that exactly `expected` arrived.
func receive(_ expected: [UInt8], on socket: TestSocket) throws {
    let (bytes, end) = try socket.receiveToEnd()
    guard end == .finished else { throw TestFailure("the stream was reset after \(bytes.count) bytes") }
    guard bytes.count == expected.count else {
        throw TestFailure("\(bytes.count) bytes arrived, not \(expected.count)")
    }
    guard isRepetition(bytes, of: expected) else { throw TestFailure("other bytes arrived") }
}

extension TestSocket {
    /// The PROXY header in front of a connection, exactly.
    func receiveHeader() throws -> (header: ProxyHeader, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        while true {
            switch ProxyHeader.parse(bytes.span) {
            case .found(let header): return (header, bytes)
            case .invalid(let error): throw TestFailure("\(error): \(bytes)")
            case .needMore: bytes += try receive(exactly: 1)
            }
        }
    }
}

/// The type-length-values behind the addresses of a version 2 header for IPv4.
func extensions(of header: [UInt8]) -> [UInt8: [UInt8]] {
    var found: [UInt8: [UInt8]] = [:]
    var rest = header.dropFirst(28)
    while let type = rest.popFirst(), let high = rest.popFirst(), let low = rest.popFirst() {
        let length = Int(high) << 8 | Int(low)
        found[type] = Array(rest.prefix(length))
        rest = rest.dropFirst(length)
    }
    return found
}

/// The bytes that the writers of `ProxyHeader` fill in.
func written(_ write: (inout MutableSpan<UInt8>) -> Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
    var span = bytes.mutableSpan
    let count = write(&span)
    return Array(bytes.prefix(count))
}
