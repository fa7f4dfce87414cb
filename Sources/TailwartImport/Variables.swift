import TailwartConfig
import TailwartCore
import TailwartWire

/// Environment variables that the file refers to, each with a value that may stand where it stands, so that what comes out can
/// be checked where they are not set. Texts are read here that may hold such variables.
final class Variables {
    private(set) var references = References()
    private(set) var samples: [String: String] = [:]
    /// In the order of the file.
    private(set) var names: [String] = []
    /// Ports that the file has as they are.
    private(set) var literalPorts: Set<UInt16> = []

    /// - Parameter literalPorts: those that no variable may stand for.
    init(literalPorts: Set<UInt16> = []) {
        references.literalPorts = literalPorts
    }

    /// Whether one port was read as it is, and another time stood for a variable.
    var areMistakable: Bool { literalPorts.contains(where: references.isUnknown) }

    /// - Parameter fallback: what holds where the variable is not set.
    /// - Returns: what stands for it in a text; nil if the name cannot be one of ours.
    func refer(to name: String, or fallback: String? = nil) -> String? {
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard isName, name.first?.isNumber == false else { return nil }
        let standIn = references.name("${\(name)\(fallback.map { ":-\($0)" } ?? "")}")
        if samples[name] == nil {
            names.append(name)
            samples[name] = standIn
        }
        return standIn
    }

    func areIn(_ text: some StringProtocol) -> Bool { references.isIn(text) }

    /// A port, or several as `8000-8010`; nil if it is neither.
    func ports(_ text: String) -> ClosedRange<UInt16>? {
        if areIn(text) {
            let port = references.port(text)
            specify(text, "\(port)")
            return port...port
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) ?? 0 }
        guard let first = parts.first, let last = parts.last, parts.count <= 2, first > 0, first <= last else {
            return nil
        }
        literalPorts.formUnion([first, last])
        return first...last
    }

    /// One port; nil if it is none.
    func port(_ text: String) -> UInt16? {
        areIn(text) || text.allSatisfy(\.isNumber) ? ports(text)?.lowerBound : nil
    }

    /// - Parameter isV6: whether a variable stands in brackets.
    func address(_ text: String, isV6: Bool = false) -> IPAddress? {
        guard areIn(text) else { return IPAddress(text) }
        let address = references.address(text, isV6: isV6)
        specify(text, "\(address)")
        return address
    }

    func network(_ text: String) -> Network? {
        areIn(text) ? address(text).map { Network($0) } : Network(foreign: text)
    }

    /// A variable that says which PROXY header is sent.
    func header(_ text: String) -> ProxyProtocolOut {
        specify(text, ProxyProtocolOut.Version.v2.rawValue)
        return references.header(text)
    }

    /// Says what the variables of a text stand for, where it is no name.
    func specify(_ text: String, _ sample: String) {
        for part in references.written(text).split(separator: "${") {
            let name = String(part.prefix { $0 != "}" && $0 != ":" })
            if samples[name] != nil { samples[name] = sample }
        }
    }
}

extension Network {
    /// As other programs write it, which ignore bits behind the prefix and take the mask of an IPv4 network (`255.255.255.0`).
    init?(foreign text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self.init(text)
            return
        }
        guard let address = IPAddress(parts[0]) else { return nil }
        if let prefix = Int(parts[1]), parts[1].allSatisfy(\.isNumber) {
            self.init(enclosing: address, prefix: prefix)
        } else if address.isV4, case .v4(let mask) = IPAddress(parts[1]),
            (~mask).leadingZeroBitCount == mask.nonzeroBitCount
        {
            self.init(enclosing: address, prefix: mask.nonzeroBitCount)
        } else {
            return nil
        }
    }
}
