import Glibc
import TailwartSystem
import TailwartWire

extension FakeTailscaled.Connection {
    /// `POST dial`: after the 101 the connection is the dialled one.
    func dial(_ request: FakeTailscaled.Request, _ rest: [UInt8], _ tailnet: FakeTailscaled.Tailnet) {
        guard request.headers["connection"]?.lowercased().contains("upgrade") == true,
            request.headers["upgrade"] == "ts-dial"
        else { return send(400, "bad ts-dial upgrade") }
        guard let host = request.headers["dial-host"], !host.isEmpty, let port = request.headers["dial-port"],
            !port.isEmpty
        else { return send(400, "missing Dial-Host or Dial-Port header") }
        switch tailnet.dials["\(host):\(port)"] ?? tailnet.dials[host] ?? tailnet.otherDials {
        case .to(let address):
            guard let upstream = try? TestSocket.connect(to: address) else {
                return send(502, "dial failure: connect tcp \(address): connection was refused")
            }
            write(Array("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n".utf8))
            relay(rest, upstream, keepsHalfClosed: tailnet.keepsHalfClosed)
            upstream.close()
        case .selfDial: send(200, "", headers: "Dial-Self: true\r\nDial-Addr: 192.0.2.1:\(port)\r\n")
        case .fails(let status, let text): send(status, text)
        case .hangs: waitForEnd()
        }
    }

    /// Both ways, each until its source has ended.
    private func relay(_ first: [UInt8], _ upstream: TestSocket, keepsHalfClosed: Bool) {
        let (client, ending) = (socket, ending)
        let isOver = FakeTailscaled.Ending()
        @Sendable func pump(_ bytes: [UInt8], from source: TestSocket, to sink: TestSocket) {
            var next: [UInt8]? = bytes.isEmpty ? FakeTailscaled.read(source, until: ending, isOver) : bytes
            while let bytes = next, !bytes.isEmpty {
                guard FakeTailscaled.write(bytes, to: sink, until: ending, isOver) else { return isOver.come() }
                next = FakeTailscaled.read(source, until: ending, isOver)
            }
            // A connection that broke takes the other along.
            if next == nil || !keepsHalfClosed { return isOver.come() }
            sink.finish()
        }
        try? concurrently({ pump(first, from: client, to: upstream) }, { pump([], from: upstream, to: client) })
    }
}

extension FakeTailscaled {
    /// Milliseconds between two looks at whether the end has come.
    private static let look: CInt = 10

    /// Waits for bytes as long as the end has not come; empty at the other side's end, nil if it broke.
    static func read(_ socket: TestSocket, until endings: Ending...) -> [UInt8]? {
        while !endings.contains(where: \.hasCome) {
            guard socket.wait(for: POLLIN, milliseconds: look) else { continue }
            return try? socket.receive()
        }
        return nil
    }

    /// Sends all, however long the other side takes; false if the end came or the connection broke.
    static func write(_ bytes: [UInt8], to socket: TestSocket, until endings: Ending...) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard !endings.contains(where: \.hasCome) else { return false }
            switch rest.withUnsafeBytes({ socket.socket.send($0) }) {
            case .count(let count): rest = rest.dropFirst(count)
            case .wouldBlock: _ = socket.wait(for: POLLOUT, milliseconds: look)
            case .failed: return false
            }
        }
        return true
    }
}
