import Glibc
package import NIOCore
package import TailwartClient
package import TailwartCore
import TailwartWire

/// Asks endpoints how they are, as politely as a well-behaved mail client.
package struct Prober: Sendable {
    let group: any EventLoopGroup
    private let ehloName: String
    private let now: @Sendable () -> Int
    private let tls: Result<TLSContext, any Error>
    private let roots = TrustRoots()

    /// The name of last resort, for an edge that was not told its own.
    private static let namelessEHLO = "localhost"
    private static let timeouts = Duration.milliseconds(1)...Duration.seconds(600)

    /// - Parameters:
    ///   - ehloName: the name that the edge gives itself in EHLO.
    ///   - now: seconds since 1970, to judge certificates by; nil: the system's clock.
    package init(
        group: any EventLoopGroup, ehloName: String = "localhost", now: (@Sendable () -> Int)? = nil
    ) {
        self.group = group
        self.ehloName = Self.isHostName(ehloName) ? ehloName : Self.namelessEHLO
        self.now = now ?? { Int(time(nil)) }
        // The handshake takes every certificate and every version; they are judged afterwards, so that each fault gets its own name.
        tls = Result { try TLSContext(trusting: .anybody) }
    }

    /// Never throws, and never lasts longer than the timeout and a second for the goodbye.
    package func probe(_ question: ProbeQuestion, timeout: Duration) async -> ProbeResult {
        guard question.proto != .tcp else {
            return ProbeResult(.unprobed, "The protocol tcp tells nothing about who speaks first.")
        }
        let deadline = Self.deadline(timeout)
        let context: TLSContext
        do {
            context = try tls.get()
        } catch {
            return ProbeResult(.tlsFailed, "This program's TLS cannot be set up: \(Quoted.text("\(error)".utf8)).")
        }
        switch await Dial(way: question.way, deadline: deadline, group: group).run() {
        case .failed(let verdict, let detail): return ProbeResult(verdict, detail)
        case .connected(let connection, let roundTrip):
            let interview = Interview(
                connection: connection, proto: question.proto, version: question.proxyProtocol,
                serverName: question.serverName.flatMap { Self.isHostName($0) ? $0 : nil }, ehloName: ehloName,
                roundTrip: roundTrip, tls: context)
            return await withTaskCancellationHandler {
                let finding = await interview.run()
                let chain = await connection.chain()
                await connection.end(saying: finding.goodbye.map { Array("\($0)\r\n".utf8) })
                return await judge(finding, chain: chain, question: question, roundTrip: roundTrip)
            } onCancel: {
                connection.abort()
            }
        }
    }

    /// A certificate that clients do not take spoils what was well otherwise.
    private func judge(
        _ finding: Finding, chain: [Certificate], question: ProbeQuestion, roundTrip: Duration
    ) async -> ProbeResult {
        var result = ProbeResult(
            finding.verdict, finding.detail, roundTrip: roundTrip,
            isCostly: finding.verdict.costsQuota && !finding.isFree)
        guard !chain.isEmpty else { return result }
        let names = question.expectedNames.isEmpty ? question.serverName.map { [$0] } ?? [] : question.expectedNames
        let now = now()
        do {
            let report = try await CertificateReport(
                chain: chain, names: names, roots: roots.load(question.trustRoots), now: now)
            result.certificate = report
            guard result.verdict == .well else { return result }
            let (verdict, words) = report.judged(at: now)
            result.verdict = verdict
            result.detail = result.verdict == .well ? "\(result.detail) \(words)" : words
        } catch {
            guard result.verdict == .well else { return result }
            result.verdict = .certificateUntrusted
            result.detail = "The certificate cannot be read: \(Quoted.text("\(error)".utf8))."
        }
        return result
    }

    static func deadline(_ timeout: Duration) -> NIODeadline {
        .now() + TimeAmount(min(max(timeout, timeouts.lowerBound), timeouts.upperBound))
    }

    /// Fit for EHLO and for a ClientHello: no address (RFC 6066 section 3), no byte that could end the line.
    private static func isHostName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && IPAddress(text) == nil
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

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
