import NIOCore
package import TailwartWire

/// The status of an answer in HTTP/1 (RFC 9112), and nothing else of it.
package enum HTTPStatus {
    package enum Failure: Error, Equatable {
        case notHTTP
    }

    /// Bytes of a head, what most servers send is below a tenth of it.
    package static let maximumHead = 80 << 10

    /// - Returns: the status of the first answer that is not an interim one (RFC 9110 section 15.2).
    package static func parse(_ bytes: [UInt8]) -> ParseOutcome<Int, Failure> {
        var rest = bytes[...]
        while true {
            let beginning = Array("HTTP/1.".utf8)
            guard rest.prefix(beginning.count).elementsEqual(beginning.prefix(rest.count)) else {
                return .invalid(.notHTTP)
            }
            guard let end = endOfHead(rest) else { return rest.count > maximumHead ? .invalid(.notHTTP) : .needMore }
            // HTTP-version SP 3DIGIT, and then SP or the end of the line (RFC 9112 section 4).
            let line = Array(rest.prefix { $0 != 10 && $0 != 13 })
            let digits = line.dropFirst(beginning.count + 2).prefix(3)
            guard line.count >= beginning.count + 5, line[beginning.count].isDigit, line[beginning.count + 1] == 0x20,
                digits.allSatisfy(\.isDigit), line.count == beginning.count + 5 || line[beginning.count + 5] == 0x20
            else { return .invalid(.notHTTP) }
            let status = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            guard (100..<200).contains(status), status != 101 else { return .found(status) }
            rest = rest[end...]
        }
    }

    /// Behind the empty line. A line may end without CR (RFC 9112 section 2.2).
    private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
        var isLineEmpty = false
        for index in bytes.indices {
            switch bytes[index] {
            case 10 where isLineEmpty: return index + 1
            case 10: isLineEmpty = true
            case 13: break
            default: isLineEmpty = false
            }
        }
        return nil
    }
}

extension ClientConnection {
    /// Asks for a page with GET.
    ///
    /// - Parameters:
    ///   - target: the path with its query.
    ///   - host: of the Host field.
    /// - Returns: the status; nil if what answers is no web server.
    package func status(of target: String, host: String, agent: String) async throws(ConnectionEnd) -> Int? {
        send(
            Array(
                "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: \(agent)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                    .utf8))
        var head: [UInt8] = []
        while true {
            do throws(ConnectionEnd) {
                head += Array(buffer: try await some())
            } catch {
                switch error {
                case .closed where !head.isEmpty, .tooMuch: return nil
                default: throw error
                }
            }
            switch HTTPStatus.parse(head) {
            case .found(let status): return status
            case .invalid: return nil
            case .needMore: continue
            }
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
