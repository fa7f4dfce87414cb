import TailwartSetup
import TailwartTesting
import Testing

@Suite struct PortSetTests {
    @Test(
        arguments: [
            ("25", [25...25]), ("25,465", [25...25, 465...465]), ("465,25,26", [25...26, 465...465]),
            ("80-443", [80...443]),
            ("1-100,50-200", [1...200]), ("*", [1...65535]), ("65535", [65535...65535]), ("1-65535", [1...65535]),
        ] as [(String, [ClosedRange<UInt16>])])
    func `ports are read as the policy writes them`(text: String, ranges: [ClosedRange<UInt16>]) {
        #expect(PortSet(text, allowsList: true)?.ranges == ranges)
    }

    @Test(arguments: [
        "", "0", "65536", "25-", "-25", "30-25", "25,", ",25", "a", "25 ", "0x19", "25-26-27", "**", "*,25", "+25",
        "2_5",
        "99999999999999999999",
    ])
    func `what is no list of ports is refused`(text: String) {
        #expect(PortSet(text, allowsList: true) == nil)
    }

    @Test func `a list is refused where the section takes none`() {
        #expect(PortSet("25,465", allowsList: false) == nil)
        #expect(PortSet("25-465", allowsList: false) != nil)
    }

    /// Against the set of numbers that it stands for.
    @Test func `union, difference and membership are those of sets`() {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("PortSet: seed \(random.seed)")
        func some() -> PortSet {
            PortSet(
                (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    // At both ends, where one more or less is no port.
                    let base: UInt16 = random.oneIn(2) ? 1 : 65_500
                    let first = base + UInt16.random(in: 0...35, using: &random)
                    return first...min(65_535, first + UInt16.random(in: 0...0, using: &random))
                } + (random.oneIn(3) ? [10...20] : []))
        }
        func members(_ set: PortSet) -> Set<UInt16> { Set(set.ranges.flatMap { Array($0) }) }
        for _ in 0..<500 {
            let (first, second) = (some(), some())
            #expect(members(first.union(second)) == members(first).union(members(second)))
            #expect(members(first.subtracting(second)) == members(first).subtracting(members(second)))
            #expect(first.count == members(first).count)
            let port = UInt16.random(in: 1...40, using: &random)
            #expect(first.contains(port) == members(first).contains(port))
        }
        #expect(PortSet.all.subtracting(.all).isEmpty)
        #expect(PortSet.all.subtracting(PortSet([1, 65_535])).ranges == [2...65_534])
    }

    @Test func `a set is written shortly`() {
        #expect(PortSet([993, 25, 26, 27]).description == "25-27, 993")
        #expect(PortSet(stride(from: 1, to: 100, by: 2)).description == "1, 3, 5, 7, 9, 11, 13, 15, …")
    }
}
