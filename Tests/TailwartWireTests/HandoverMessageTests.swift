import TailwartWire
import Testing

struct HandoverMessageTests {
    private static let party = HandoverMessage.Party(process: 4711, program: "tailwart 1.2 (abc)")

    private static let doors: [HandoverMessage.Door] = [
        .init(.any(port: 25), ordinal: 0), .init(.unix(path: "/run/täil wart.sock"), ordinal: 0),
        .init(.internet(InternetAddress(.v4(0xc000_0201), port: 465)), ordinal: 0),
        .init(.internet(InternetAddress(.v6(0x2001_0db8_0000_0000, 1), port: 993)), ordinal: 0),
        .init(.internet(InternetAddress(.loopbackV4, port: 0)), ordinal: 65_535),
    ]

    private static let messages: [HandoverMessage] = [
        .hello(party), .hello(.init(version: 7, process: .max, program: "")), .welcome(party, doors: 300, older: []),
        .welcome(party, doors: 0, older: [1, .max]),
        .doors([]), .doors(doors), .ready, .released, .taken, .abort(""), .abort("port 25 is taken by postfix"),
    ]

    @Test(arguments: messages.indices)
    func `what was written is read, and every beginning needs more`(index: Int) {
        let message = Self.messages[index]
        #expect(everyPrefix(of: message.bytes, HandoverMessage.parse) == .found(message))
    }

    @Test func `the beginning of the first message stays, so that each version knows the others`() {
        let hello = HandoverMessage.hello(.init(process: 258, program: "x")).bytes
        #expect(hello == hex("01 7461696c77617274 0001 00000102 01 78"))
    }

    @Test func `the largest message is no longer than it is said to be`() {
        let path = "/" + String(repeating: "x", count: 254)
        let doors = (0..<HandoverMessage.doorsInMessage).map {
            HandoverMessage.Door(.unix(path: path), ordinal: UInt16($0))
        }
        let bytes = HandoverMessage.doors(doors).bytes
        #expect(bytes.count == HandoverMessage.maximumLength)
        #expect(HandoverMessage.parse(bytes.span) == .found(.doors(doors)))
    }

    @Test func `a long reason is cut between two characters`() {
        let message = HandoverMessage.abort("x" + String(repeating: "é", count: 200))
        #expect(
            HandoverMessage.parse(message.bytes.span) == .found(.abort("x" + String(repeating: "é", count: 127))))
    }

    @Test func `what is no message is told apart`() {
        for kind in UInt8.min...UInt8.max where !(1...7).contains(kind) {
            #expect(HandoverMessage.parse([kind].span) == .invalid(.unknown))
        }
        #expect(HandoverMessage.parse(hex("01 7461696d").span) == .invalid(.unknown))
        #expect(HandoverMessage.parse(hex("03 01 02").span) == .invalid(.badAddress))
        #expect(HandoverMessage.parse(hex("07 02 c328").span) == .invalid(.badText))
    }

    @Test(arguments: seeds)
    func `a mutated message never traps`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var bytes = Self.messages.randomElement(using: &generator)?.bytes ?? []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            bytes.removeLast(.random(in: 0..<bytes.count, using: &generator))
            guard case .found(let message) = HandoverMessage.parse(bytes.span) else { continue }
            #expect(HandoverMessage.parse(message.bytes.span) == .found(message), "seed \(seed)")
        }
    }
}
