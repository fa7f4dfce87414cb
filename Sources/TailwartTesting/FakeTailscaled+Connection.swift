import Glibc
import Synchronization

extension FakeTailscaled {
    /// One connection to the LocalAPI: one request, one answer.
    struct Connection: Sendable {
        let socket: TestSocket
        let state: State
        let ending: Ending

        /// Bytes of a request's head.
        private static let maximumHead = 16 * 1024

        /// Until the answer is out, the dialled connection is over or the end has come.
        func serve() {
            defer { socket.close() }
            guard let (request, rest) = readRequest() else { return }
            state.requests.withLock { $0.append("\(request.method) \(request.target)") }
            let tailnet = state.tailnet.withLock { $0 }
            switch tailnet.manner {
            case .polite: answer(request, rest, tailnet)
            case .refuses(let status, let text): send(status, text)
            case .silent: waitForEnd()
            case .raw(let bytes):
                write(bytes)
                socket.finish()
                waitForEnd()
            case .slow(let bytes, let milliseconds):
                for byte in bytes where !ending.hasCome {
                    guard write([byte]) else { return }
                    usleep(milliseconds * 1000)
                }
                waitForEnd()
            case .endless(let first, let again):
                guard write(first) else { return }
                while write(again) {}
            }
        }

        /// As tailscaled's handler does, in its order.
        private func answer(_ request: Request, _ rest: [UInt8], _ tailnet: Tailnet) {
            let host = request.headers["host"] ?? ""
            guard request.headers["referer"] == nil, request.headers["origin"] == nil,
                host.isEmpty || host == "local-tailscaled.sock"
            else { return send(403, "invalid localapi request") }
            switch (request.method, request.path) {
            case ("GET", "/localapi/v0/status"): send(200, tailnet.status)
            case ("GET", "/localapi/v0/prefs"): send(200, tailnet.prefs)
            case ("POST", "/localapi/v0/ping"):
                guard let ip = request.query["ip"], !ip.isEmpty else { return send(400, "missing 'ip' parameter") }
                guard request.query["type"] != nil else { return send(400, "missing 'type' parameter") }
                let before = state.requests.withLock { $0.count { $0.contains("/ping?ip=\(ip)&") } } - 1
                if let body = tailnet.ping(ip, number: before) { send(200, body) } else { waitForEnd() }
            case ("POST", "/localapi/v0/dial"): dial(request, rest, tailnet)
            case (_, "/localapi/v0/ping"): send(400, "want POST")
            case (_, "/localapi/v0/dial"): send(405, "POST required")
            default: send(404, "404 page not found")
            }
        }

        /// Nil if none came; what came behind it belongs to a dialled connection.
        private func readRequest() -> (Request, rest: [UInt8])? {
            var bytes: [UInt8] = []
            let mark = Array("\r\n\r\n".utf8)
            while bytes.count < Self.maximumHead {
                guard let more = read(), !more.isEmpty else { return nil }
                bytes += more
                for start in 0..<max(0, bytes.count - 3) where bytes[start..<(start + 4)].elementsEqual(mark) {
                    return Request(String(decoding: bytes[..<start], as: UTF8.self)).map {
                        ($0, Array(bytes[(start + 4)...]))
                    }
                }
            }
            return nil
        }

        /// Until the client leaves or the end comes.
        func waitForEnd() {
            while let bytes = read(), !bytes.isEmpty {}
        }

        /// Empty at the client's end, nil if the end came or the connection broke.
        func read() -> [UInt8]? { FakeTailscaled.read(socket, until: ending) }

        @discardableResult
        func write(_ bytes: [UInt8]) -> Bool { FakeTailscaled.write(bytes, to: socket, until: ending) }

        func send(_ status: Int, _ text: String, headers: String = "") {
            send(status, Array((text + "\n").utf8), type: "text/plain; charset=utf-8", headers: headers)
        }

        private func send(_ status: Int, _ body: [UInt8], type: String = "application/json", headers: String = "") {
            let head =
                "HTTP/1.1 \(status) \(status == 200 ? "OK" : "Error")\r\nTailscale-Cap: 130\r\n"
                + "Tailscale-Version: 1.102.3-tfake\r\nContent-Type: \(type)\r\n\(headers)"
                + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            write(Array(head.utf8) + body)
            socket.finish()
            waitForEnd()
        }
    }

    struct Request {
        let method: String
        let target: String
        /// Names in lower case.
        let headers: [String: String]

        /// Nil if it is none.
        init?(_ head: String) {
            let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
            let words = lines[0].split(separator: " ")
            guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
            method = String(words[0])
            target = String(words[1])
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                headers[line[..<colon].lowercased()] = String(value)
            }
            self.headers = headers
        }

        var path: String { String(target.prefix { $0 != "?" }) }

        var query: [String: String] {
            var query: [String: String] = [:]
            for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                query[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
            }
            return query
        }
    }
}
