import TailwartCore

extension ValueType<Bool> {
    static var boolean: ValueType {
        .scalar("true or false") { text throws(Complaint) in
            switch text {
            case "true": return true
            case "false": return false
            // YAML 1.1 took these for booleans, YAML 1.2 does not.
            case "yes", "on": throw Complaint("write true")
            case "no", "off": throw Complaint("write false")
            default: throw Complaint()
            }
        }
    }
}

extension ValueType<Int> {
    static func integer(_ range: ClosedRange<Int>) -> ValueType {
        .scalar("a whole number from \(range.lowerBound) to \(range.upperBound)") { text throws(Complaint) in
            guard let number = decimal(text), range.contains(number) else { throw Complaint() }
            return number
        }
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
        .scalar("a port from 1 to 65535") { text throws(Complaint) in
            guard let port = parsePort(text) else { throw Complaint() }
            return port
        }
    }

    static func parsePort(_ text: some StringProtocol) -> UInt16? {
        ValueType<Int>.decimal(text).flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
    }
}

extension ValueType<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> ValueType {
        let name = "a duration from \(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
        return .scalar(name) { text throws(Complaint) in
            guard let duration = Duration(configurationText: text) else {
                if ValueType<Int>.decimal(text) != nil { throw Complaint("add a unit, for instance \(text)s") }
                throw Complaint("write whole numbers with units d, h, m, s, ms, for instance 1h30m")
            }
            guard range.contains(duration) else { throw Complaint() }
            return duration
        }
    }
}

extension ValueType where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of an enumeration.
    static func word(or more: String? = nil) -> ValueType {
        let words = Value.allCases.map(\.rawValue)
        let name = "one of " + (words + (more.map { [$0] } ?? [])).joined(separator: ", ")
        return .scalar(name) { text throws(Complaint) in
            guard let value = Value(rawValue: text) else {
                throw Complaint(NearestWord.find(text, among: words).map { "did you mean \($0.quoted)?" })
            }
            return value
        }
    }
}

extension ValueType<String> {
    /// The name of an upstream or a listener.
    static var name: ValueType {
        .scalar("a name") { text throws(Complaint) in
            guard isName(text) else { throw Complaint(nameRule) }
            return text
        }
    }

    static let nameRule = "a name is 1 to 63 letters, digits, '-', '_' or '.', and begins with a letter or digit"

    static func isName(_ text: some StringProtocol) -> Bool {
        let isWellFormed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isWellFormed && Allowed.nameBytes.contains(text.utf8.count) && !"-_.".contains(text.first ?? "-")
    }

    /// An ALPN protocol name.
    static var alpn: ValueType {
        .scalar("an ALPN protocol name such as h2") { text throws(Complaint) in
            guard Allowed.alpnBytes.contains(text.utf8.count) else { throw Complaint("it has 1 to 255 bytes") }
            return text
        }
    }

    /// A mail domain, in lower case without a trailing dot.
    static var domain: ValueType {
        .scalar("a domain such as example.org") { text throws(Complaint) in
            if text.hasPrefix("*") { throw Complaint("list each domain by its name") }
            guard let name = ServerNamePattern(text) else { throw Complaint(Hint.hostName(text)) }
            return name.name
        }
    }
}
