import TailwartSetup
import TailwartTesting
import TailwartWire
import Testing

@Suite struct PolicyFileTests {
    @Test func `every beginning of a policy ends in an error and not in a trap`() throws {
        let whole = Array(PolicySamples.policy.utf8)
        _ = try Policy(whole)
        for length in 0..<(whole.count - 3) {
            #expect(throws: JSONError.self) { try Policy(Array(whole[..<length])) }
        }
    }

    @Test func `a policy with bytes changed is read or refused`() throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("policy mutations: seed \(random.seed)")
        let whole = Array(PolicySamples.policy.utf8)
        var refused = 0
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let interesting = Array("{}[]\",:/*\\u0 \n".utf8)
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    random.oneIn(4)
                    ? UInt8.random(in: 0...255, using: &random) : interesting.randomElement(using: &random) ?? 0
            }
            do {
                // What can be read can also be made sense of, or said not to.
                let policy = try Policy(bytes)
                _ = PolicyCheck(policy, against: PolicySamples.configuration, tags: PolicySamples.tags)
            } catch {
                refused += 1
                #expect(error.position.line >= 1 && error.position.column >= 1)
            }
        }
        #expect(refused > 0)
    }
}
