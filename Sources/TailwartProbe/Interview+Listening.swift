import NIOCore
import TailwartClient
import TailwartCore

/// What a server says before anything is said to it.
extension Interview {
    /// A server that has banned the edge closes at once, and one that expects no header greets by itself: both are recognised here
    /// without a byte that the server could count against the edge.
    ///
    /// - Returns: nil if the server waits, or has waited in vain.
    func listen(for time: TimeAmount) async -> Finding? {
        do throws(ConnectionEnd) {
            try await connection.wait(until: .now() + time)
        } catch {
            guard await !hasWaited() else { return nil }
            return switch error {
            case .closed: Finding(.banned, "The server closed the connection before a byte was sent either way.")
            case .reset: Finding(.banned, "The server reset the connection before a byte was sent either way.")
            default: nil
            }
        }
        if time > pause, await saysThatHeaderIsMissing() { return nil }
        var finding = await early()
        finding.isFree = true
        return finding
    }

    /// Two round trips and some time for the server to start a process; not so long that a header would come too late, which is
    /// after 3 seconds for Dovecot and Exim.
    var pause: TimeAmount { min(max(TimeAmount(roundTrip * 3), .milliseconds(150)), .seconds(1)) }

    /// The server greets before it has seen a header. Nothing is said before the greeting is complete: postscreen logs who speaks into
    /// its teaser as PREGREET.
    private func early() async -> Finding {
        guard !isImplicitTLS, var dialogue = dialogue(isProtected: false) else { return await plainText() }
        var first: ServerLine?
        var greeter = Greeter()
        var goodbye: String?
        reading: for _ in 0..<Self.maximumLines {
            let line: ServerLine
            do throws(ConnectionEnd) {
                line = ServerLine(try await connection.lineBytes())
            } catch {
                guard first != nil else { return await silence(error) }
                break
            }
            if first == nil, await beginsWithHeader() { return .headerFromThere }
            first = first ?? line
            greeter.read(line)
            switch dialogue.receive(line) {
            case .readOn: continue
            case .stop(let verdict, let detail) where verdict != .startTLSMissing && verdict != .headerNotTrusted:
                return Finding(verdict, detail, goodbye: Greeting(line.bytes).goodbye)
            default:
                goodbye = dialogue.goodbye
                break reading
            }
        }
        var finding = Finding(
            .headerNotTrusted, "The server greets with \(first?.quoted ?? "''") before it has seen a header.",
            goodbye: goodbye)
        finding.greeter = greeter
        return finding
    }
}
