package import TailwartCore

/// One JSON object and a line feed for each record and event; a key whose value is not known is left out.
extension RecordLine {
    package func writeJSON(to out: inout LineBuffer) {
        out.begin(at: record.acceptedAt, .info, "connection")
        for key in Self.keys {
            if let value = value(of: key) { out.append(key, value) }
        }
        out.append("}\n")
    }
}

extension EdgeEvent {
    /// - Parameter time: microseconds since 1970.
    package func writeJSON(at time: Int64, to out: inout LineBuffer) {
        out.begin(at: time, level, sentence)
        out.append(",\"event\":\"")
        out.append(text: kind.name)
        out.append("\"")
        for key in kind.keys {
            if let value = value(of: key) { out.append(key, value) }
        }
        out.append("}\n")
    }
}

extension LineBuffer {
    fileprivate mutating func begin(at time: Int64, _ level: EventLevel, _ message: String) {
        append("{\"time\":\"")
        append(time: time)
        append("\",\"level\":\"")
        append(text: level.rawValue)
        append("\",\"message\":")
        append(json: message)
    }

    private mutating func append(signed number: Int) {
        if number < 0 { append("-") }
        append(number: UInt64(number.magnitude))
    }

    fileprivate mutating func append(_ key: EventKey, _ value: EventValue) {
        append(",\"")
        append(text: key.rawValue)
        append("\":")
        switch value {
        case .text(let text): append(json: text)
        case .number(let number): append(signed: number)
        case .numbers(let numbers):
            append("[")
            for (index, number) in numbers.enumerated() {
                if index > 0 { append(",") }
                append(signed: number)
            }
            append("]")
        case .list(let texts):
            append("[")
            for (index, text) in texts.enumerated() {
                if index > 0 { append(",") }
                append(json: text)
            }
            append("]")
        case .milliseconds(let microseconds): append(milliseconds: microseconds)
        case .flag(let isSet): append(isSet ? "true" : "false")
        }
    }
}
