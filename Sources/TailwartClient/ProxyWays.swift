import NIOCore
import TailwartCore
import TailwartWire

/// Asks a SOCKS5 proxy for a connection to the endpoint (RFC 1928).
struct SOCKSWay {
    let connection: ClientConnection
    let host: String
    let port: UInt16

    func run() async throws {
        guard let name = InlineBytes(exactly: host) else {
            throw Dial.Failure(.proxyFailed, "The host name \(Quoted.text(host.utf8)) is too long or empty.")
        }
        connection.send(Array(writing: SOCKS5.greetingLength) { SOCKS5.writeGreeting(into: &$0) })
        try await connection.read(SOCKS5.parseMethod) { stop in
            switch stop {
            case .invalid(.authenticationRequired):
                Dial.Failure(.proxyFailed, "The SOCKS proxy asks for a user and a password.")
            case .invalid: Dial.Failure(.proxyFailed, "What answers is not a SOCKS5 proxy.")
            case .end: Dial.Failure(.proxyFailed, "The SOCKS proxy does not answer the greeting.")
            }
        }
        let destination: SOCKS5.Destination =
            if let ip = IPAddress(host) { .address(InternetAddress(ip, port: port)) } else { .name(name, port: port) }
        connection.send(
            Array(writing: SOCKS5.maximumRequestLength) { SOCKS5.writeConnect(to: destination, into: &$0) })
        try await connection.read(SOCKS5.parseReply) { stop in
            switch stop {
            case .invalid(.refused(let code)): failure(code: code)
            case .invalid: Dial.Failure(.proxyFailed, "The SOCKS proxy's answer cannot be read.")
            case .end(.deadline):
                Dial.Failure(.timeout, "\(host):\(port) did not answer through the SOCKS proxy in time.")
            case .end: Dial.Failure(.proxyFailed, "The SOCKS proxy closed the connection without an answer.")
            }
        }
    }

    /// RFC 1928 section 6. Proxies differ in what they know: tailscaled answers every failure with 1.
    private func failure(code: UInt8) -> Dial.Failure {
        let place = "\(host):\(port)"
        return switch code {
        case 2: Dial.Failure(.proxyFailed, "The SOCKS proxy does not allow connections to \(place).")
        case 3: Dial.Failure(.unreachable, "The SOCKS proxy finds no route to the network of \(place).")
        case 4: Dial.Failure(.unreachable, "The SOCKS proxy cannot reach \(place).")
        case 5: Dial.Failure(.refused, "\(place) refused the connection, says the SOCKS proxy.")
        case 6: Dial.Failure(.timeout, "\(place) did not answer, says the SOCKS proxy.")
        default: Dial.Failure(.proxyFailed, "The SOCKS proxy cannot connect to \(place): code \(code).")
        }
    }
}

/// Asks tailscaled for a connection to the endpoint.
struct TailscaleWay {
    let connection: ClientConnection
    let host: String
    let port: UInt16

    func run() async throws {
        guard let name = InlineBytes(exactly: host), host.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Dial.Failure(.proxyFailed, "The host name \(Quoted.text(host.utf8)) is too long, empty or not ASCII.")
        }
        connection.send(
            Array(writing: TailscaleDial.maximumRequestLength) {
                TailscaleDial.writeRequest(host: name, port: port, into: &$0)
            })
        do {
            try await connection.read(TailscaleDial.parseAnswer) { stop in
                switch stop {
                case .invalid(let error): error as any Error
                case .end(.deadline):
                    Dial.Failure(.timeout, "\(host):\(port) did not answer through tailscaled in time.")
                case .end: Dial.Failure(.proxyFailed, "tailscaled closed the connection without an answer.")
                }
            }
        } catch TailscaleDialError.refused(let status) {
            throw await failure(status: status)
        } catch TailscaleDialError.notOnTailnet {
            throw Dial.Failure(.nameUnknown, "tailscaled says that \(host) is not on the tailnet.")
        } catch TailscaleDialError.notHTTP {
            throw Dial.Failure(.proxyFailed, "What answers on the socket is not tailscaled.")
        }
    }

    /// The answer is for people, but it is the only place that tells a name that is unknown from a port that is closed.
    private func failure(status: Int) async -> Dial.Failure {
        // The words follow the head, often in a segment of their own.
        let soon = NIODeadline.now() + .milliseconds(200)
        var bytes = await connection.received()
        while bytes.count < TailscaleDial.maximumHeadLength,
            (try? await connection.wait(moreThan: bytes.count, until: soon)) != nil
        {
            bytes = await connection.received()
        }
        let text = String(decoding: bytes.body, as: UTF8.self)
        let words = text.split(separator: "\n").first.map(String.init) ?? ""
        let detail = "tailscaled answers \(status) for \(host):\(port): \(Quoted.text(words.utf8))."
        return switch words.lowercased() {
        case let text where text.contains("no such host") || text.contains("lookup"): .init(.nameUnknown, detail)
        case let text where text.contains("refused"): .init(.refused, detail)
        case let text where text.contains("timeout") || text.contains("timed out") || text.contains("deadline"):
            .init(.timeout, detail)
        case let text where text.contains("no route") || text.contains("unreachable"): .init(.unreachable, detail)
        default: .init(.proxyFailed, detail)
        }
    }
}

/// Why an answer on the way could not be used.
private enum Stop<Failure: Error & Equatable> {
    case invalid(Failure)
    case end(ConnectionEnd)
}

extension ClientConnection {
    /// Waits until the parser has found its answer, and takes exactly that.
    fileprivate func read<Failure>(
        _ parse: (Span<UInt8>) -> ParseOutcome<Int, Failure>, orThrow error: (Stop<Failure>) -> any Error
    ) async throws {
        var bytes: [UInt8] = []
        while true {
            if !bytes.isEmpty {
                switch parse(bytes.span) {
                case .found(let length): return await drop(length)
                case .invalid(let failure): throw error(.invalid(failure))
                // Every parser gives up at a length of its own.
                case .needMore: break
                }
            }
            do throws(ConnectionEnd) { try await wait(moreThan: bytes.count) } catch let end { throw error(.end(end)) }
            bytes = await received()
        }
    }
}

extension InlineBytes {
    fileprivate init?(exactly text: String) {
        guard (1...InlineBytes.capacity).contains(text.utf8.count) else { return nil }
        self.init(text)
    }
}

extension [UInt8] {
    /// What a writer of `TailwartWire` fills.
    package init(writing capacity: Int, _ write: (inout MutableSpan<UInt8>) -> Int) {
        self.init(repeating: 0, count: capacity)
        var span = mutableSpan
        let count = write(&span)
        self = Array(prefix(count))
    }

    /// Behind the empty line of an HTTP answer.
    fileprivate var body: ArraySlice<UInt8> {
        let end: [UInt8] = [13, 10, 13, 10]
        guard let start = indices.first(where: { self[$0...].starts(with: end) }) else { return [] }
        return self[(start + end.count)...]
    }
}
