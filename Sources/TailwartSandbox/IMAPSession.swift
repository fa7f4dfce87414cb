import NIOCore

/// The server side of IMAP4rev1 (RFC 3501) with IDLE (RFC 2177): one INBOX, which nobody can change, behind any login.
struct IMAPSession: LineSession {
    /// RFC 7162 section 4 asks for at least 8192.
    static let lineLimit = 16 * 1024

    let visit: SandboxVisit
    private var dialogue = Dialogue.commands
    private var isLoggedIn = false
    var selection: IMAPSelection?

    private enum Dialogue {
        case commands
        case login(tag: String)
        case idle(tag: String)
    }

    static let capabilities = "CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE"

    init(_ visit: SandboxVisit) {
        self.visit = visit
    }

    func begin() -> Reply { Reply("* OK [\(Self.capabilities)] \(visit.greeting)") }

    mutating func mailboxChanged() -> Reply {
        guard case .idle = dialogue else { return Reply() }
        return selection?.update(from: visit.store) ?? Reply()
    }

    mutating func receive(_ line: LineReader.Line) -> Reply {
        let bytes: ByteBuffer
        switch line {
        case .text(let text): bytes = text
        case .tooLong: return Reply("* BAD the line is longer than \(Self.lineLimit) bytes")
        case .bareLineFeed: return Reply("* BAD a line ends with CR LF, not with LF alone: openssl s_client -crlf")
        }
        switch dialogue {
        case .commands:
            return command(bytes)
        case .login(let tag):
            dialogue = .commands
            return String(buffer: bytes) == "*" ? Reply("\(tag) BAD login given up") : logIn(tag)
        case .idle(let tag):
            dialogue = .commands
            guard String(buffer: bytes).uppercased() == "DONE" else { return Reply("\(tag) BAD DONE ends IDLE") }
            return Reply("\(tag) OK idled")
        }
    }

    private mutating func command(_ bytes: ByteBuffer) -> Reply {
        do throws(IMAPLine.Problem) {
            return perform(try IMAPLine(bytes))
        } catch {
            switch error {
            case .noTag: return Reply("* BAD a command begins with a tag")
            case .malformed(let tag): return Reply("\(tag) BAD the line cannot be read")
            case .literal(let tag, isSent: false):
                return Reply("\(tag) BAD the sandbox takes no literals, quote the text")
            case .literal(let tag, isSent: true):
                // What follows are not commands, and telling them apart is not worth it here.
                return Reply("* BYE the sandbox takes no literals (\(tag))", next: .close)
            }
        }
    }

    private mutating func perform(_ line: IMAPLine) -> Reply {
        let tag = line.tag
        switch line.command {
        case "CAPABILITY":
            return Reply("* \(Self.capabilities)", "\(tag) OK that is all")
        case "LOGOUT":
            return Reply("* BYE \(sandboxHost) closes", "\(tag) OK goodbye", next: .close)
        case "NOOP", "CHECK":
            var reply = selection?.update(from: visit.store) ?? Reply()
            reply.write(line: "\(tag) OK done")
            return reply
        case "ID":
            return Reply("* ID NIL", "\(tag) OK done")
        case "LOGIN":
            guard !isLoggedIn, line.arguments.count == 2 else { return Reply("\(tag) BAD LOGIN user password, once") }
            return logIn(tag)
        case "AUTHENTICATE":
            return authenticate(line)
        default:
            guard isLoggedIn else { return Reply("\(tag) NO log in first, any name and password will do") }
            return loggedIn(line)
        }
    }

    private mutating func authenticate(_ line: IMAPLine) -> Reply {
        guard !isLoggedIn else { return Reply("\(line.tag) BAD already logged in") }
        guard line.arguments.first?.uppercased() == "PLAIN", line.arguments.count <= 2 else {
            return Reply("\(line.tag) NO PLAIN is known")
        }
        guard line.arguments.count == 1 else { return logIn(line.tag) }
        dialogue = .login(tag: line.tag)
        return Reply("+ ")
    }

    private mutating func logIn(_ tag: String) -> Reply {
        isLoggedIn = true
        visit.report(.loggedIn(visit.service, client: visit.client))
        return Reply("\(tag) OK [\(Self.capabilities)] any login is welcome")
    }

    private mutating func loggedIn(_ line: IMAPLine) -> Reply {
        switch line.command {
        case "LIST", "LSUB": return list(line)
        case "STATUS": return status(line)
        case "SELECT", "EXAMINE": return select(line)
        case "IDLE":
            dialogue = .idle(tag: line.tag)
            var reply = Reply("+ idling")
            if let update = selection?.update(from: visit.store) { reply.append(update) }
            return reply
        default: return selected(line)
        }
    }
}
