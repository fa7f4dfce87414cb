import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartEngine

/// What a handover asks of the workers.
@Suite(.ownThreads) struct LetGoTests {
    @Test(arguments: [1, 2])
    func `workers that let go have taken who waited, and take nobody until they watch again`(workers: Int) throws {
        let mailbox = try TestListener()
        let bind = BindAddress.internet(InternetAddress(lonelyAddress(), port: 0))
        let other = BindAddress.internet(InternetAddress(lonelyAddress(), port: 0))
        try withEngine(
            listeners: [.test(bind: [other])], upstreams: [.test(mailbox.address)], workers: workers
        ) { edge in
            let socket = try EngineHarness.open(Door.Key(bind))
            let address = try #require(socket.address)
            edge.apply(
                Configuration(
                    upstreams: Configuration.named([.test(try mailbox.address)]), listeners: [.test(bind: [bind])]),
                opening: [socket])
            #expect(edge.engine.settle())
            let door = try #require(edge.topology.door(socket.key))
            let waker = try Waker()

            var clients: [TestSocket] = []
            for round in 1...10 {
                clients += try (0..<10).map { _ in try TestSocket.connect(to: address) }
                edge.engine.letGo()
                let letGo = edge.engine.acknowledgement(waker)
                try edge.eventually("all to let go") { letGo.isComplete ? true : nil }
                #expect(door.accepted == round * 11 - 1)

                // Waits in the socket's queue.
                clients.append(try TestSocket.connect(to: address))
                edge.engine.look()
                let looked = edge.engine.acknowledgement(waker)
                try edge.eventually("all to look") { looked.isComplete ? true : nil }
                #expect(door.accepted == round * 11 - 1)

                edge.engine.apply(edge.topology, opening: [socket])
                try edge.eventually("who waits to be taken") { door.accepted == round * 11 ? true : nil }
            }
            for _ in clients { try mailbox.accept().close() }
            for client in clients { client.close() }
            #expect(try edge.records(clients.count).count == clients.count)
        }
    }
}
