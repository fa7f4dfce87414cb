/// How metrics are written: Prometheus' text format 0.0.4 (prometheus.io, "Exposition formats") or OpenMetrics 1.0.0.
package enum MetricsFormat: String, CaseIterable, Sendable {
    case prometheus
    case openMetrics

    /// For the `Content-Type` of an answer.
    package var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The one that a client likes best: OpenMetrics only where it is named and not liked less, since who asks for anything wants to read.
    ///
    /// - Parameter accept: the `Accept` field of a request (RFC 9110 section 12.5.1), several joined by commas; nil if there is none. What
    ///   cannot be read in it is passed over, and where nothing suits, text is given all the same.
    package static func preferred(accept: String?) -> MetricsFormat {
        let ranges = (accept ?? "").split(separator: ",").compactMap { MediaRange($0) }
        func quality(_ type: String, _ version: String) -> Int? {
            ranges.filter { $0.type == type && ($0.version.map { $0 == version } ?? true) }.map(\.quality).max()
        }
        guard let open = quality("application/openmetrics-text", "1.0.0"), open > 0 else { return .prometheus }
        let text = quality("text/plain", "0.0.4") ?? quality("text/*", "") ?? quality("*/*", "") ?? 0
        return open >= text ? .openMetrics : .prometheus
    }
}

/// One element of an `Accept` field.
private struct MediaRange {
    let type: String
    /// Of the parameter `version`.
    let version: Substring?
    /// In thousandths, as RFC 9110 section 12.4.2 lets it have three digits.
    let quality: Int

    init?(_ text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        guard let type = parts.first, type.utf8.contains(UInt8(ascii: "/")) else { return nil }
        self.type = type.lowercased()
        var version: Substring?
        var quality = 1000
        for part in parts.dropFirst() {
            guard let sign = part.firstIndex(of: "=") else { continue }
            let value = Self.trimmed(part[part.index(after: sign)...])
            switch Self.trimmed(part[..<sign]).lowercased() {
            case "version": version = Self.unquoted(value)
            case "q":
                guard let read = Self.thousandths(value) else { return nil }
                quality = read
            default: break
            }
        }
        self.version = version
        self.quality = quality
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isBlank)
        while text.last.map(isBlank) ?? false { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> Substring {
        text.count > 1 && text.first == "\"" && text.last == "\"" ? text.dropFirst().dropLast() : text
    }

    /// `0`, `1`, `0.5`, `1.000`.
    private static func thousandths(_ text: Substring) -> Int? {
        let digits = text.utf8
        guard let first = digits.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1"), digits.count <= 5
        else {
            return nil
        }
        var value = first == UInt8(ascii: "1") ? 1000 : 0
        guard digits.count > 1 else { return value }
        guard digits.dropFirst().first == UInt8(ascii: ".") else { return nil }
        var unit = 100
        for digit in digits.dropFirst(2) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value += unit * Int(digit - UInt8(ascii: "0"))
            unit /= 10
        }
        return value <= 1000 ? value : nil
    }
}
