import Glibc
package import NIOCore
package import TailwartClient
package import TailwartCore
package import TailwartWire

/// Asks endpoints how they are, as politely as a well-behaved mail client.
package struct Prober: Sendable {
    let group: any EventLoopGroup
    private let name: @Sendable () -> EdgeName
    private let now: @Sendable () -> Int
    private let tls: Result<TLSContext, any Error>
    private let roots = TrustRoots()
    let silences = Silences()
    /// Nil where nobody is asked about.
    private let recipients: Recipients?
    let ownAddresses: @Sendable () -> [IPAddress]

    private static let timeouts = Duration.milliseconds(1)...Duration.seconds(600)

    /// - Parameters:
    ///   - name: what the edge calls itself at the moment, for EHLO.
    ///   - now: seconds since 1970, to judge certificates by; nil: the system's clock.
    ///   - ownAddresses: those of this host at the moment, of which one may be named where a mailbox closes to another.
    ///   - asksForRecipients: whether it looks now and then if mail is taken. Whoever probes once cannot know how often others did.
    package init(
        group: any EventLoopGroup, name: @escaping @Sendable () -> EdgeName, now: (@Sendable () -> Int)? = nil,
        ownAddresses: @escaping @Sendable () -> [IPAddress] = { [] }, asksForRecipients: Bool = false
    ) {
        self.ownAddresses = ownAddresses
        recipients = asksForRecipients ? Recipients() : nil
        self.group = group
        self.name = name
        self.now = now ?? { Int(time(nil)) }
        // The handshake takes every certificate and every version; they are judged afterwards, so that each fault gets its own name.
        // A large hello, so that it is seen whether large packets get through.
        tls = Result { try TLSContext(trusting: .anybody, isHelloLarge: true) }
    }

    /// Never throws, and never lasts longer than the timeout, the patience and a second for the goodbye; twice that where it listens
    /// first, and some seconds more where another connection settles what the first one left open.
    ///
    /// - Parameters:
    ///   - timeout: for the way to the endpoint.
    ///   - patience: for all that the server says.
    ///   - clues: what is known from clients.
    package func probe(
        _ question: ProbeQuestion, timeout: Duration, patience: Duration = Defaults.healthPatience,
        clues: ProbeClues = ProbeClues()
    ) async -> ProbeResult {
        guard question.proto != .tcp else {
            return ProbeResult(.unprobed, "The protocol tcp tells nothing about who speaks first.")
        }
        if let time = question.listensFor, question.proto.firstSpeaker == .server, question.proxyProtocol != .none {
            let heard = await meet(question, timeout, patience) { await $0.listen(for: TimeAmount(time)) }
            if let heard { return heard.result }
        }
        let recipient = recipients?.due(question, isSuspected: clues.getsNoMail, at: .now)
        guard let met = await meet(question, timeout, patience, { await $0.run(askingFor: recipient) }) else {
            return ProbeResult(.unprobed, "There is nothing to ask.")
        }
        if let said = met.recipient { recipients?.record(said.answer, said.detail, question, at: .now) }
        if met.result.verdict != .silent { silences.end(of: question) }
        guard let doubt = met.doubt else { return recipients?.joined(met.result, question) ?? met.result }
        return await settle(doubt, met, question, timeout, patience, clues)
    }

    /// What a conversation came to.
    struct Meeting {
        var result: ProbeResult
        var doubt: Doubt?
        var recipient: Finding.Recipient?
        /// The edge's end of the connection; nil where that is no internet address.
        var own: IPAddress?
    }

    /// With the next probe of this endpoint it is asked about its recipient, if there was something wrong with that.
    package func askForRecipient(upstream: String, endpoint: String) {
        recipients?.ask(upstream: upstream, endpoint: endpoint)
    }

    /// - Parameter ownAddress: another address of this host, for the header to name.
    /// - Returns: nil if the conversation came to nothing.
    func meet(
        _ question: ProbeQuestion, _ timeout: Duration, _ patience: Duration, maximumSegment: Int? = nil,
        naming ownAddress: IPAddress? = nil, _ converse: (Interview) async -> Finding?
    ) async -> Meeting? {
        let context: TLSContext
        do {
            context = try tls.get()
        } catch {
            let reason = Quoted.text("\(error)".utf8)
            return Meeting(result: ProbeResult(.tlsFailed, "This program's TLS cannot be set up: \(reason)."))
        }
        let dial = Dial(
            way: question.way, deadline: Self.deadline(timeout), patience: TimeAmount(Self.bounded(patience)),
            maximumSegment: maximumSegment, group: group)
        switch await dial.run() {
        case .failed(let verdict, let detail): return Meeting(result: ProbeResult(verdict, detail))
        case .connected(let connection, let roundTrip):
            let interview = Interview(
                connection: connection, proto: question.proto, version: question.proxyProtocol,
                ownAddress: ownAddress, serverName: question.serverName.flatMap { Self.isHostName($0) ? $0 : nil },
                ehloName: name(),
                roundTrip: roundTrip, tls: context)
            let own = connection.addresses?.own.ip.unmapped
            return await withTaskCancellationHandler {
                let finding = await converse(interview)
                let chain = await connection.chain()
                let greeting = await connection.firstBytes().isEmpty ? nil : connection.delay()
                await connection.end(saying: finding?.goodbye.map { Array("\($0)\r\n".utf8) })
                guard let finding else { return nil }
                var result = await judge(finding, chain: chain, question: question, roundTrip: roundTrip)
                result.greeting = greeting.map { .nanoseconds($0.nanoseconds) }
                return Meeting(
                    result: result, doubt: finding.doubt, recipient: finding.recipient,
                    own: own)
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
        result.server = finding.greeter.server
        result.greetedAs = finding.greeter.name
        guard !chain.isEmpty else { return result }
        let names = question.expectedNames.isEmpty ? question.serverName.map { [$0] } ?? [] : question.expectedNames
        let now = now()
        do {
            let report = try await CertificateReport(
                chain: chain, names: names, roots: roots.load(question.trustRoots), now: now)
            result.certificate = report
            guard finding.verdict.allowsCertificate else { return result }
            var (verdict, words) = report.judged(at: now)
            // Nobody else is known to make that one up, but a server that says who it is is believed.
            if verdict == .certificateFallback, result.server ?? .stalwart != .stalwart {
                verdict = .certificateSelfSigned
            }
            if verdict != .well { result.verdict = verdict }
            if verdict == .certificateFallback { result.server = result.server ?? .stalwart }
            result.detail = verdict == .well ? "\(result.detail) \(words)" : words
        } catch {
            guard finding.verdict.allowsCertificate else { return result }
            result.verdict = .certificateUntrusted
            result.detail = "The certificate cannot be read: \(Quoted.text("\(error)".utf8))."
        }
        return result
    }

    static func deadline(_ timeout: Duration) -> NIODeadline { .now() + TimeAmount(bounded(timeout)) }

    private static func bounded(_ time: Duration) -> Duration {
        min(max(time, timeouts.lowerBound), timeouts.upperBound)
    }

    /// Fit for a ClientHello: no address (RFC 6066 section 3).
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

extension Verdict {
    /// Whether the conversation went so well that what is wrong with the certificate is more than what was found.
    fileprivate var allowsCertificate: Bool { self == .well || self == .slow }
}
