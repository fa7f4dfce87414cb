import NIOCore

/// AUTH (RFC 4954). Any answer is right.
extension SMTPSession {
    /// Passwords travel under TLS and on the ports for users only (RFC 6409 section 4.3).
    var offersLogin: Bool { isProtected && visit.service != .smtp }

    mutating func authenticate(_ argument: String) -> Reply {
        guard offersLogin else { return Reply("503 5.5.1 no AUTH here: use TLS on a submission port") }
        let words = argument.split(separator: " ")
        switch (words.first.map { $0.uppercased() }, words.count) {
        case ("PLAIN", 2): return accepted()
        case ("PLAIN", 1): return ask(.plain)
        case ("LOGIN", 1): return ask(.user)
        case ("LOGIN", 2): return ask(.password)
        default: return Reply("504 5.5.4 PLAIN and LOGIN are known")
        }
    }

    private mutating func ask(_ login: SMTPLogin) -> Reply {
        dialogue = .login(login)
        return Reply("334 \(login.prompt)")
    }

    mutating func receive(_ line: LineReader.Line, for login: SMTPLogin) -> Reply {
        dialogue = .commands
        guard case .text(let bytes) = line else { return Reply("500 5.5.6 the line is too long") }
        if String(buffer: bytes) == "*" { return Reply("501 5.7.0 login given up") }
        return login == .user ? ask(.password) : accepted()
    }

    private func accepted() -> Reply {
        visit.report(.loggedIn(visit.service, client: visit.client))
        return Reply("235 2.7.0 any login is welcome")
    }
}

/// What the client was asked for (RFC 4954); the sandbox looks at no answer.
enum SMTPLogin {
    case plain
    case user
    case password

    /// base64 of nothing, `Username:` and `Password:`.
    var prompt: String {
        switch self {
        case .plain: ""
        case .user: "VXNlcm5hbWU6"
        case .password: "UGFzc3dvcmQ6"
        }
    }
}
