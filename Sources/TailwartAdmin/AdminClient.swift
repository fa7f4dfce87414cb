import Glibc
import NIOCore
import NIOPosix
import TailwartClient
import TailwartCore
import TailwartSystem
package import TailwartWire

/// Asks a running edge over its admin socket, one connection for each question.
package struct AdminClient: Sendable {
    /// Why there is no answer.
    package enum Failure: Error, Sendable, Equatable {
        /// There is no such socket.
        case missing
        /// A socket that nobody listens at any more.
        case abandoned
        /// Who may open it, by the name of a group.
        case notPermitted(group: String?)
        case silent(Duration)
        /// As an edge does that stops while it is asked.
        case closed
        /// Whoever answers is no edge.
        case notUnderstood(String)
    }

    package struct Answer: Sendable {
        package let status: Int
        package let json: JSON
    }

    /// Bytes of an answer: a thousand connections are less than half of one.
    private static let limit = 16 << 20

    /// One for all questions of a process, and never ended: a live view asks two of them a second for as long as somebody looks.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    package let path: String

    package init(path: String) { self.path = path }

    /// - Parameters:
    ///   - target: with its query, encoded.
    ///   - isOrder: whether it is to change something.
    package func ask(
        _ target: String, isOrder: Bool = false, within time: Duration = .seconds(15)
    ) async throws(Failure) -> Answer {
        let connection: ClientConnection
        do {
            connection = try await ClientConnection.open(
                to: SocketAddress(unixDomainSocketPath: path), patience: .until(.now() + TimeAmount(time)),
                limits: .init(line: 0, total: Self.limit), group: Self.group)
        } catch let error as IOError {
            switch error.errnoCode {
            case ENOENT, ENOTDIR: throw .missing
            case ECONNREFUSED: throw .abandoned
            case EACCES, EPERM: throw .notPermitted(group: Self.group(of: path))
            default: throw .notUnderstood("\(Errno(rawValue: error.errnoCode))")
            }
        } catch ChannelError.connectTimeout {
            throw .silent(time)
        } catch {
            throw .notUnderstood("\(error)")
        }
        defer { connection.abort() }
        var question = HTTPQuestion(target, method: isOrder ? "POST" : "GET", host: "localhost")
        if isOrder { question.fields.append(("Content-Length", "0")) }
        let answer: HTTPAnswer?
        do {
            answer = try await connection.ask(question)
        } catch .deadline {
            throw .silent(time)
        } catch .closed, .reset {
            throw .closed
        } catch {
            throw .notUnderstood("\(error)")
        }
        guard let answer, let json = try? JSONReader.read(Array(answer.body.readableBytesView).span),
            json.members != nil
        else { throw .notUnderstood("what answers there is no edge") }
        return Answer(status: answer.status, json: json)
    }

    /// Of the socket, or of the first folder on the way to it that may not be entered.
    private static func group(of path: String) -> String? {
        var path = path
        while path.count > 1 {
            var status = stat()
            if stat(path, &status) == 0 { return GroupNames.name(of: status.st_gid) ?? "\(status.st_gid)" }
            path = FileSystem.folder(of: path)
        }
        return nil
    }
}

extension String {
    /// For the query of a question (RFC 3986 section 2.1).
    package var queryEncoded: String {
        utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "-"): String(UnicodeScalar(byte))
            default: "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }.joined()
    }
}
