import Testing

@testable import TailwartSystem

@Suite struct ProcessStatusTests {
    /// Field 22 is 100, 14 and 15 are 7 and 5, 24 is 300.
    private static let tail = "S 1 2 3 4 -1 6 7 8 9 10 7 5 13 14 20 0 6 0 100 1000000 300 18446744073709551615 1"

    @Test(arguments: ["(tailwart)", "(a b)", "(a) S 9 9)", "()", "(\n)"])
    func `a name of a program may have anything in it`(name: String) throws {
        let stat = try #require(ProcessStatus.Stat(Array("42 \(name) \(Self.tail)\n".utf8)))
        #expect(stat.ticks == 12 && stat.startTicks == 100 && stat.residentPages == 300)
    }

    @Test func `what is cut anywhere before the last field is no status`() {
        let line = Array("42 (a) \(Self.tail)".utf8)
        let whole = line.count - " 18446744073709551615 1".utf8.count
        for length in 0..<(whole - 2) { #expect(ProcessStatus.Stat(Array(line[..<length])) == nil) }
        #expect(ProcessStatus.Stat(Array(line[..<whole])) != nil)
        #expect(ProcessStatus.Stat(Array("42 (a) S x".utf8)) == nil)
    }

    @Test(
        arguments: [
            ("cpu 1 2\nbtime 1700000000\nprocesses 3\n", 1_700_000_000), ("btime 5", 5), ("btime x\n", nil), ("", nil),
        ] as [(String, Int?)])
    func `when the host was started`(text: String, time: Int?) {
        #expect(ProcessStatus.bootTime(Array(text.utf8)) == time)
    }

    @Test func `this process is there`() throws {
        let before = ProcessStatus.current
        #expect(try #require(before.residentBytes) > 0)
        #expect(try #require(before.processorTime) >= 0)
        #expect(try #require(before.startTime) > 1_600_000_000)
        #expect(try #require(before.descriptors) > 2)
        #expect(try #require(DescriptorLimit.current) >= 2)
    }
}
