// <ares.h> brings `in_addr` along, and Swift takes it for whose it sees first.
import CAres
import Glibc
import TailwartSystem
package import TailwartWire

/// What `/etc/resolv.conf` says, read as the system's resolver reads it: resolv.conf(5), and `res_init.c` of glibc where the page is
/// silent. Not left to c-ares, whose releases differ: 1.18.1 takes `search .` and `fe80::1%eth0` for no line at all.
package struct ResolvConf: Sendable, Equatable {
    package struct Server: Sendable, Equatable {
        package var address: InternetAddress
        /// The number of the interface that a link-local address is on (RFC 4007 section 11); 0 for all others.
        package var interface: UInt32

        package init(_ address: InternetAddress, interface: UInt32 = 0) {
            self.address = address
            self.interface = interface
        }
    }

    /// `MAXNS`: further lines are not looked at.
    static let maximumServers = 3
    /// Seconds before a silent server is asked again, and the next one as well. glibc waits for five: so long would clients wait
    /// after a start.
    static let turn = 1
    /// Bytes; the rest of a longer file is no resolv.conf.
    private static let maximumLength = 65_536

    /// Never empty.
    package var servers: [Server]
    /// Where a name of one label is looked for, one after the other; an empty one is the root.
    package var search: [String]
    /// Zero: a name of one label is asked for as it is first.
    package var dots = 1
    /// Seconds that a server is waited for, at least.
    package var timeout = 5
    /// Whether the questions go round the servers.
    package var rotates = false
    package var usesTCP = false
    package var asksForV6 = true

    package init(_ servers: [InternetAddress], search: [String] = []) {
        self.servers = servers.map { Server($0) }
        self.search = search
    }

    /// As the file and the environment are now; a change is seen by the next question.
    @Sendable package static func current() -> ResolvConf {
        let bytes: [UInt8] =
            if case .bytes(let bytes) = FileSystem.read("/etc/resolv.conf", limit: maximumLength) { bytes } else { [] }
        return ResolvConf(
            bytes, hostName: HostName.current,
            environment: { name in getenv(name).map { String(cString: $0) } },
            interface: { if_nametoindex($0) })
    }

    /// Reads any bytes: what is no line of such a file is skipped.
    ///
    /// - Parameters:
    ///   - hostName: whose domain is searched where the file names none.
    ///   - environment: for `LOCALDOMAIN` and `RES_OPTIONS`.
    ///   - interface: the number of one by its name, 0 if there is none.
    package init(
        _ bytes: [UInt8], hostName: String?, environment: (String) -> String?, interface: (String) -> UInt32
    ) {
        servers = []
        search = []
        var domains: [String]?
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = Self.words(line)
            // The keyword begins the line, and a value follows.
            guard let first = line.first, !Self.isBlank(first), let keyword = words.first, words.count > 1 else {
                continue
            }
            switch keyword {
            case "nameserver":
                guard servers.count < Self.maximumServers, let server = Server(words[1], interface) else { continue }
                servers.append(server)
            // The last of all these lines counts.
            case "domain": domains = [words[1]]
            case "search": domains = Array(words.dropFirst())
            case "options": words.dropFirst().forEach { take($0) }
            default: break
            }
        }
        if let text = environment("LOCALDOMAIN") { domains = Self.words(Array(text.utf8)[...]) }
        if let text = environment("RES_OPTIONS") { Self.words(Array(text.utf8)[...]).forEach { take($0) } }
        if servers.isEmpty { servers = [Server(InternetAddress(.loopbackV4, port: 53))] }
        search = (domains ?? Self.domain(of: hostName)).map(Self.bare)
    }

    /// What to ask for, one after the other, until there is an answer.
    ///
    /// A name with a dot is absolute, whatever `ndots` says: the names of a file are whole, and in another domain a stranger's
    /// wildcard would answer for them.
    func candidates(for name: String) -> [String] {
        guard !name.contains(".") else { return [name.hasSuffix(".") ? String(name.dropLast()) : name] }
        let found = search.map { $0.isEmpty ? name : "\(name).\($0)" }
        if found.contains(name) { return found }
        return dots == 0 ? [name] + found : found + [name]
    }

    /// How often each server is asked in one round: until ``timeout`` is over, as the pauses double each time, but twice at least,
    /// since a packet may get lost.
    var tries: Int {
        var (tries, waited) = (1, servers.count * Self.turn)
        while tries < 2 || waited < timeout {
            waited += servers.count * Self.turn << tries
            tries += 1
        }
        return tries
    }

    private mutating func take(_ option: String) {
        let parts = option.split(separator: ":", maxSplits: 1)
        let number = parts.count == 2 ? Int(parts[1]).map { max(0, $0) } : nil
        switch (parts.first, number) {
        // The upper bounds are those of resolv.conf(5).
        case ("ndots", let number?): dots = min(number, 15)
        case ("timeout", let number?): timeout = min(number, 30)
        case ("rotate", nil): rotates = true
        case ("use-vc", nil): usesTCP = true
        case ("no-aaaa", nil): asksForV6 = false
        default: break
        }
    }

    private static func domain(of hostName: String?) -> [String] {
        guard let hostName, let dot = hostName.firstIndex(of: ".") else { return [] }
        let domain = hostName[hostName.index(after: dot)...]
        return domain.isEmpty ? [] : [String(domain)]
    }

    private static func bare(_ domain: String) -> String {
        let tail = domain.hasPrefix(".") ? domain.dropFirst() : domain[...]
        return String(tail.hasSuffix(".") ? tail.dropLast() : tail)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0d].contains(byte) }

    private static func words(_ line: ArraySlice<UInt8>) -> [String] {
        line.split(whereSeparator: isBlank).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension ResolvConf.Server {
    fileprivate init?(_ word: String, _ interface: (String) -> UInt32) {
        let text = word.prefix { $0 != ";" && $0 != "#" }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var old = in_addr()
        // The older forms too, such as 127.1 (inet_aton(3)).
        if parts.count == 1, !text.isEmpty, inet_aton(String(text), &old) != 0 {
            self.init(InternetAddress(.v4(UInt32(bigEndian: old.s_addr)), port: 53))
        } else if let first = parts.first, let address = IPAddress(first), !address.isV4 {
            let zone = parts.count == 2 && address.reach == .link ? String(parts[1]) : ""
            let number = zone.isEmpty ? 0 : interface(zone)
            self.init(InternetAddress(address, port: 53), interface: number == 0 ? UInt32(zone) ?? 0 : number)
        } else {
            return nil
        }
    }
}
