import CTailwartAllocations
import TailwartCore
import TailwartTesting
import TailwartWire

// What single steps of the data path cost: nanoseconds (the median of batches) and heap allocations per operation. Measures, and
// asserts nothing: `swift run -c release TailwartMicrobenchmarks`.

/// Runs `body` in batches and prints a row.
func measure(_ name: String, _ body: () -> Int) {
    let batches = 15
    let perBatch = 20_000
    var sink = 0
    for _ in 0..<1000 { sink &+= body() }
    let before = tw_own_allocations()
    var times: [Double] = []
    times.reserveCapacity(batches)
    let clock = ContinuousClock()
    for _ in 0..<batches {
        let time = clock.measure { for _ in 0..<perBatch { sink &+= body() } }
        times.append(time / .nanoseconds(1) / Double(perBatch))
    }
    let allocations = Double(tw_own_allocations() - before) / Double(batches * perBatch)
    times.sort()
    precondition(sink != .min)
    let padded = name + String(repeating: " ", count: max(1, 44 - name.count))
    let tenths = Int(times[batches / 2] * 10)
    print("\(padded)\(tenths / 10).\(tenths % 10) ns   \((allocations * 100).rounded() / 100) allocations")
}

func parse(_ bytes: [UInt8]) -> Int {
    if case .found = ClientHello.parse(bytes.span) { 1 } else { 0 }
}

let client = InternetAddress(.v4(0xc000_0207), port: 40212)
let destination = InternetAddress(.v4(0xc633_6401), port: 25)
let small = ClientHelloBuilder(serverName: "mta-sts.example.org", alpn: ["h2"]).bytes
let usual = ClientHelloBuilder(serverName: "mta-sts.example.org", alpn: ["h2"], paddedLength: 1800).bytes
let large = ClientHelloBuilder(serverName: "mta-sts.example.org", paddedLength: 8000)
let cut = ClientHelloBuilder.records(large.message, lengths: [512])
measure("ClientHello.parse, small") { parse(small) }
measure("ClientHello.parse, 1.8 kB") { parse(usual) }
measure("ClientHello.parse, 8 kB in records of 512") { parse(cut) }

var memory = [UInt8](repeating: 0, count: 1024)
measure("ProxyHeader.writeV1") {
    var span = memory.mutableSpan
    return ProxyHeader.writeV1(client: client, destination: destination, into: &span)
}
let v1 = Array(memory[..<memory.withUnsafeBufferPointer { (($0.firstIndex(of: 10)) ?? 0) + 1 }])
measure("ProxyHeader.writeV2") {
    var span = memory.mutableSpan
    return ProxyHeader.writeV2(client: client, destination: destination, extensions: ProxyExtensions(), into: &span)
}
let v2 = Array(memory[..<28])
for (name, header) in [("v1", v1), ("v2", v2)] {
    measure("ProxyHeader.parse, \(name)") {
        if case .found(let header) = ProxyHeader.parse(header.span) { header.length } else { 0 }
    }
}

for names in [1, 10, 1000] {
    let routes = (0..<names).map { index in
        Route(
            match: RouteMatch(serverNames: [ServerNamePattern("n\(index).example.org")].compactMap { $0 }),
            target: .close)
    }
    let table = RouteTable(routes + [Route(target: .close)])
    let hello = ClientHelloBuilder(serverName: "n\(names - 1).example.org").bytes
    guard case .found(let found) = ClientHello.parse(hello.span) else { break }
    let note = HelloNote(found)
    measure("RouteTable.decide, \(names) \(names == 1 ? "name" : "names")") {
        if case .route(let index) = table.decide(client: client.ip, hello: .hello(note)) { index } else { 0 }
    }
}

/// One read and the write that follows, as the engine drives it.
func cycle(_ relay: inout Relay) -> Int {
    guard case .fill = relay.step(.inbound) else { return 0 }
    relay[.inbound].filled(100, short: true)
    guard case .drain = relay.step(.inbound) else { return 0 }
    relay[.inbound].drained(100)
    guard case .wait = relay.step(.inbound) else { return 0 }
    relay[.inbound].sourceBecameReadable()
    return 1
}

var relay = Relay()
measure("Relay, one read and one write") { cycle(&relay) }
