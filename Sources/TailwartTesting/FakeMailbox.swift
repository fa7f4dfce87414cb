import Synchronization
import TailwartSystem
package import TailwartWire

/// An upstream that serves many connections at once, each on a thread of its own.
package final class FakeMailbox: Sendable {
    package let address: InternetAddress
    private let state: State
    private let acceptor: Thread

    private final class State: Sendable {
        let isClosing = Atomic<Bool>(false)
        let served = Atomic<Int>(0)
        let threads = Mutex<[Thread]>([])
    }

    /// - Parameter serve: called with each connection and its number; an error or its return closes the connection.
    package init(
        _ ip: IPAddress = .loopbackV4, serve: @escaping @Sendable (TestSocket, Int) throws -> Void
    ) throws {
        let listener = try TestListener(ip)
        let state = State()
        address = try listener.address
        self.state = state
        acceptor = try Thread(name: "mailbox") {
            while !state.isClosing.load(ordering: .relaxed) {
                guard let connection = try? listener.accept(within: 20) else { continue }
                let number = state.served.add(1, ordering: .relaxed).oldValue
                do {
                    let thread = try Thread(name: "mailbox \(number)") {
                        try? serve(connection, number)
                        connection.close()
                    }
                    state.threads.withLock { $0.append(thread) }
                } catch {
                    // The test would see a mailbox that closes at once.
                    print("no thread for a connection of a fake mailbox: \(error)")
                }
            }
            listener.close()
        }
    }

    /// Connections so far.
    package var served: Int { state.served.load(ordering: .relaxed) }

    /// Stops listening and waits for the connections, whose calls all have deadlines.
    package func close() {
        guard !state.isClosing.exchange(true, ordering: .relaxed) else { return }
        acceptor.join()
        for thread in state.threads.withLock({ $0 }) { thread.join() }
    }

    deinit { close() }
}
