import NIOCore
import TailwartTesting
import Testing

@testable import TailwartClient

/// A client and a server in memory, and a wire between them that a test can cut or spoil.
@Suite struct TLSEngineTests {
    private static let name = "mail.example.org"
    private let authority: FakeAuthority
    private let server: TLSContext

    init() throws {
        authority = try FakeAuthority()
        server = try TLSContext(
            serving: authority.issue([Self.name]).identity, applicationProtocols: ["imap", "http/1.1"])
    }

    /// Carries bytes until neither side has any left.
    private func run(
        _ client: TLSEngine, _ server: TLSEngine, spoil: (inout ByteBuffer) -> Void = { _ in }
    ) -> (client: TLSEngine.Progress, server: TLSEngine.Progress) {
        var (ofClient, ofServer) = (client.handshake(), TLSEngine.Progress.needMore)
        while true {
            let (there, back) = (client.takePending(), server.takePending())
            if there == nil, back == nil { return (ofClient, ofServer) }
            if var there {
                spoil(&there)
                server.feed(there)
                if case .needMore = ofServer { ofServer = server.handshake() }
            }
            if var back {
                spoil(&back)
                client.feed(back)
                if case .needMore = ofClient { ofClient = client.handshake() }
            }
        }
    }

    @Test func `both sides agree, and each knows the other`() throws {
        let context = try TLSContext(
            trusting: .only(Authorities([authority.certificate])), applicationProtocols: ["h2", "http/1.1"])
        let client = try TLSEngine(context, serverName: Self.name, host: Self.name)
        let server = try TLSEngine(server)
        guard case (.done, .done) = run(client, server) else {
            Issue.record("no handshake")
            return
        }
        #expect(server.serverName == Self.name)
        #expect(client.applicationProtocol == "http/1.1")
        #expect(server.applicationProtocol == "http/1.1")
        #expect(client.version == "TLSv1.3" && client.isModern)
        #expect(client.chain.count == 2)

        var words = ByteBuffer(repeating: 7, count: 100_000)
        guard case .done = client.write(&words), words.readableBytes == 0 else {
            Issue.record("the bytes were not taken")
            return
        }
        client.sayGoodbye()
        server.feed(try #require(client.takePending()))
        var count = 0
        while case .bytes(let bytes) = server.read() {
            #expect(bytes.readableBytes <= 1 << 14)
            count += bytes.readableBytes
        }
        #expect(count == 100_000)
        guard case .end = server.read() else {
            Issue.record("the goodbye did not arrive")
            return
        }
        // Who has said its end can still be answered.
        var answer = ByteBuffer(string: "answer")
        guard case .done = server.write(&answer) else {
            Issue.record("no answer")
            return
        }
    }

    @Test(arguments: [
        (name, nil as CertificateFault?), ("other.example.org", .wrongName), ("127.0.0.1", .wrongName),
    ])
    func `a client that has to trust somebody checks the name`(host: String, fault: CertificateFault?) throws {
        let context = try TLSContext(trusting: .only(Authorities([authority.certificate])))
        let progress = run(try TLSEngine(context, host: host), try TLSEngine(server)).client
        switch progress {
        case .done: #expect(fault == nil)
        case .failed(let failure): #expect(failure.fault == fault && fault != nil, "\(failure)")
        case .needMore: Issue.record("no end")
        }
    }

    @Test func `an authority that nobody knows is a fault, and none for who looks for themselves`() throws {
        let strict = try TLSContext(trusting: .only(Authorities([FakeAuthority("Another").certificate])))
        guard case .failed(let failure) = run(try TLSEngine(strict), try TLSEngine(server)).client else {
            Issue.record("it was trusted")
            return
        }
        #expect(failure.fault == .unknownIssuer)
        #expect(failure.description == "certificate verify failed")
        guard case .done = run(try TLSEngine(TLSContext(trusting: .anybody)), try TLSEngine(server)).client else {
            Issue.record("it was looked at")
            return
        }
    }

    @Test func `no spoiled byte is a trap`() throws {
        var random = SeededRandom(seed: 0x715)
        let context = try TLSContext(trusting: .anybody)
        for _ in 0..<200 {
            _ = run(try TLSEngine(context, serverName: Self.name), try TLSEngine(server)) { buffer in
                guard random.oneIn(2) else { return }
                var bytes = Array(buffer: buffer)
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                if random.oneIn(4) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
                buffer = ByteBuffer(bytes: bytes)
            }
        }
    }
}
