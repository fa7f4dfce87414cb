package import TailwartCore
import TailwartWire

extension RecordLine {
    /// One line for a person:
    /// `21:30:00.123 smtp 192.0.2.7:40212 -> mailbox 100.64.0.3:25  in 1.2 kB out 310 B  connect 12 ms first byte 15 ms total 2.3 s  closed by client`.
    package func writeText(to out: inout LineBuffer) {
        out.append(clock: record.acceptedAt)
        out.append(" ")
        out.append(text: listener.name)
        out.append(" ")
        out.append(text: client)
        if let name = hello?.serverName {
            out.append(" ")
            out.append(text: String(name))
        }
        out.append(" -> ")
        out.append(text: upstream ?? "nowhere")
        if let upstreamAddress {
            out.append(" ")
            out.append(text: upstreamAddress)
        }
        out.append("  in ")
        writeSize(record.inboundBytes, to: &out)
        out.append(" out ")
        writeSize(record.outboundBytes, to: &out)
        out.append(" ")
        if let connect = record.times.toConnect {
            out.append(" connect ")
            writeDuration(UInt64(connect), to: &out)
        }
        if let first = record.times.toFirstByte {
            out.append(" first byte ")
            writeDuration(UInt64(first), to: &out)
        }
        out.append(" total ")
        writeDuration(record.times.total, to: &out)
        out.append("  ")
        writeEnding(to: &out)
        out.append("\n")
    }

    /// Why and by whom: `closed by client`.
    func writeEnding(to out: inout LineBuffer) {
        let reason = record.ending.reason.name.replacing("_", with: " ")
        // Not `upstream refused by upstream`: the reason names the side already.
        out.append(text: reason)
        if !reason.hasPrefix(record.ending.side.name) {
            out.append(" by ")
            out.append(text: record.ending.side.name)
        }
        if let detail {
            out.append(": ")
            out.append(text: detail)
        }
        if record.wasRefused { out.append(", client told so") }
    }

    func writeSize(_ bytes: UInt64, to out: inout LineBuffer) {
        switch bytes {
        case ..<1000:
            out.append(number: bytes)
            out.append(" B")
        case ..<1_000_000: tenths(bytes / 100, " kB", &out)
        case ..<1_000_000_000: tenths(bytes / 100_000, " MB", &out)
        default: tenths(bytes / 100_000_000, " GB", &out)
        }
    }

    func writeDuration(_ microseconds: UInt64, to out: inout LineBuffer) {
        switch microseconds {
        case ..<10_000: tenths(microseconds / 100, " ms", &out)
        case ..<1_000_000:
            out.append(number: microseconds / 1000)
            out.append(" ms")
        case ..<600_000_000: tenths(microseconds / 100_000, " s", &out)
        default:
            out.append(number: microseconds / 60_000_000)
            out.append(" min")
        }
    }

    private func tenths(_ value: UInt64, _ unit: StaticString, _ out: inout LineBuffer) {
        out.append(number: value / 10)
        out.append(".")
        out.append(number: value % 10)
        out.append(unit)
    }
}

extension EdgeEvent {
    /// The time of the day, what is graver than usual, and what happened; below it the rest, most often what to do:
    /// `21:30:00.123 error: mailbox 100.64.0.3:25 (smtp): refused: The host answers, but nothing listens on this port. …`
    /// `             → Enable the port in the mail server, or take the listener out of tailwart.yaml.`
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970.
    ///   - priority: what further lines begin with.
    package func writeText(at time: Int64, priority: StaticString = "", to out: inout LineBuffer) {
        out.append(clock: time)
        out.append(" ")
        writeStatement(to: &out)
        out.append("\n")
        writeFurtherLines(priority: priority, to: &out)
    }

    /// With the level, where it is graver than usual.
    func writeStatement(to out: inout LineBuffer) {
        if level > .info {
            out.append(text: level.rawValue)
            out.append(": ")
        }
        out.append(text: statement)
    }

    /// As far to the right as what stands behind the time.
    func writeFurtherLines(priority: StaticString = "", to out: inout LineBuffer) {
        for line in furtherLines {
            out.append(priority)
            out.append("             ")
            out.append(text: line)
            out.append("\n")
        }
    }
}
