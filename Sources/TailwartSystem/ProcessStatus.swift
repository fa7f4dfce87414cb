import Glibc

/// What the system says of this process (proc(5)); nil is what it does not tell.
package struct ProcessStatus: Sendable {
    /// Of memory that is in use.
    package var residentBytes: Int?
    /// Seconds, of the process and of the system on its behalf.
    package var processorTime: Double?
    /// Seconds since 1970.
    package var startTime: Double?
    /// How many are open, with the one that counts them where they have to be counted.
    package var descriptors: Int?

    /// Asked now.
    package static var current: ProcessStatus {
        var status = ProcessStatus()
        if let stat = Stat(read("/proc/self/stat") ?? []) {
            let tick = Double(sysconf(CInt(_SC_CLK_TCK)))
            status.residentBytes = stat.residentPages * sysconf(CInt(_SC_PAGESIZE))
            status.processorTime = Double(stat.ticks) / tick
            status.startTime = bootTime.map { Double($0) + Double(stat.startTicks) / tick }
        }
        status.descriptors = openDescriptors
        return status
    }

    /// Of `/proc/self/stat`, what is asked for here.
    struct Stat: Equatable {
        let ticks: Int
        let startTicks: Int
        let residentPages: Int

        /// The line, in which the second field is a name in parentheses that may have any character in it.
        init?(_ line: [UInt8]) {
            guard let end = line.lastIndex(of: UInt8(ascii: ")")) else { return nil }
            let fields = line[(end + 1)...].split(whereSeparator: {
                $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
            })
            .map { Int(String(decoding: $0, as: UTF8.self)) }
            // They begin with the third, and are numbered from 1: 14 and 15 processor time, 22 start, 24 pages.
            guard fields.count > 21, let user = fields[11], let system = fields[12], let start = fields[19],
                let pages = fields[21]
            else { return nil }
            ticks = user &+ system
            startTicks = start
            residentPages = pages
        }
    }

    /// When the host was started, in seconds since 1970, as `/proc/stat` says it; nil if it does not.
    static func bootTime(_ stat: [UInt8]) -> Int? {
        let line = stat.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "btime ".utf8) }
        return line.flatMap { Int(String(decoding: $0.dropFirst("btime ".utf8.count), as: UTF8.self)) }
    }

    private static let bootTime = read("/proc/stat").flatMap(bootTime)

    /// A kernel from 6.2 on has the number ready as a size; counting takes it a third of a microsecond for each.
    private static var openDescriptors: Int? {
        let path = "/proc/self/fd"
        var status = stat()
        if stat(path, &status) == 0, status.st_size > 0 { return Int(status.st_size) }
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without the folder itself and the one above.
        return max(0, count - 2)
    }

    private static func read(_ path: String) -> [UInt8]? {
        if case .bytes(let bytes) = FileSystem.read(path, limit: 1 << 20) { bytes } else { nil }
    }
}
