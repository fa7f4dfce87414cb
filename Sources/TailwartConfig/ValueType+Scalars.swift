import TailwartCore
import TailwartWire

extension ValueType {
    /// `off`, where anything else is said in a mapping.
    ///
    /// - Parameter example: of such a mapping.
    static func off(_ value: Value, or example: String) -> ValueType {
        .scalar("off, or a mapping such as \(example)", .words(["off"])) { text throws(Complaint) in
            guard text == "off" else { throw Complaint() }
            return value
        }
    }
}

extension ValueType<Bool> {
    static var boolean: ValueType {
        .scalar("true or false", .flag) { text throws(Complaint) in
            switch text {
            case "true": return true
            case "false": return false
            // YAML 1.1 took these for booleans, YAML 1.2 does not.
            case "yes", "on": throw Complaint("write true")
            case "no", "off": throw Complaint("write false")
            default: throw Complaint()
            }
        }.shown { .flag($0) }
    }
}

extension ValueType<Int> {
    static func integer(_ range: ClosedRange<Int>) -> ValueType {
        let name = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return .scalar(name, .integer(range)) { text throws(Complaint) in
            guard let number = decimal(text), range.contains(number) else { throw Complaint() }
            return number
        }.shown { .number($0) }
    }

    /// Digits only: no sign, no underscores, no leading zeros that YAML 1.1 would read as octal.
    static func decimal(_ text: some StringProtocol) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), text.first != "0" || text.utf8.count == 1
        else { return nil }
        return Int(text)
    }
}

extension ValueType<UInt16> {
    static var port: ValueType {
        .scalar("a port from 1 to 65535", .integer(1...65535)) { text throws(Complaint) in
            guard let port = parsePort(text) else { throw Complaint() }
            return port
        }.shown { .number(Int($0)) }
    }

    static func parsePort(_ text: some StringProtocol) -> UInt16? {
        ValueType<Int>.decimal(text).flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
    }
}

extension ValueType<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> ValueType {
        let name = "a duration from \(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
        let shape = Shape.text(TextShape(name: "duration", pattern: Duration.configurationPattern))
        return .scalar(name, shape) { text throws(Complaint) in
            guard let duration = Duration(configurationText: text) else {
                if ValueType<Int>.decimal(text) != nil { throw Complaint("add a unit, for instance \(text)s") }
                throw Complaint("write whole numbers with units d, h, m, s, ms, for instance 1h30m")
            }
            guard range.contains(duration) else { throw Complaint() }
            return duration
        }.shown { .text($0.configurationText) }
    }
}

extension ValueType where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static func word(or more: String? = nil) -> ValueType {
        let words = Value.allCases.map(\.rawValue)
        let name = "one of " + (words + (more.map { [$0] } ?? [])).joined(separator: ", ")
        return .scalar(name, .words(words)) { text throws(Complaint) in
            guard let value = Value(rawValue: text) else {
                throw Complaint(NearestWord.find(text, among: words).map { "did you mean \($0.quoted)?" })
            }
            return value
        }.shown { .text($0.rawValue) }
    }
}
