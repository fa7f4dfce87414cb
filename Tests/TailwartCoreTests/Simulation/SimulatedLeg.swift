import TailwartCore
import TailwartTesting

/// A leg as the engine keeps it: a simulated socket, what was announced of it, and what the far end should have received.
final class SimulatedLeg {
    var socket: SimulatedSocket
    /// What the edge itself said to the far end, before any byte of the client.
    var head: [UInt8] = []
    /// How many bytes at the start of the socket's script are no payload: a PROXY header, the answers of who stands on the way.
    var overhead = 0
    /// An end, an error or urgent data was announced.
    var mustReadToEnd = false
    /// Whether the connect has no answer yet.
    var isConnecting = false
    /// What the kernel will say of the connect; nil: nothing, ever.
    var answer: ConnectAnswer?
    /// The far end says so many bytes of its script only when it has received so many of ours.
    var gates: [(received: Int, mayHaveSent: Int)] = []
    /// How much of its script the far end says before it has heard the client; nil: all.
    var greetingEnd: Int?
    /// Whether the far end takes the header for commands, and answers it behind its greeting.
    var answersHeader = false
    /// The kernel takes only a part of the first message.
    var tearsFirstMessage = false
    var wasClosedAbortively = false
    /// What the kernel says of a leg that failed.
    var fault = LegFault.reset
    /// How much of the payload that it received has been compared with what was sent.
    var compared = 0

    /// A client that says nothing before it has heard something.
    var waitsForGreeting = false

    init(script: [UInt8], sendQueue: Int) { socket = SimulatedSocket(script: script, sendQueue: sendQueue) }

    /// Payload that was sent to the far end.
    var payloadSent: ArraySlice<UInt8> { socket.sent.dropFirst(head.count) }

    /// The far end moves on, if its gates let it.
    func peerSends(upTo limit: Int, _ random: inout SeededRandom) {
        guard !isConnecting, !waitsForGreeting || !socket.sent.isEmpty else { return }
        let open = gates.first { socket.readByPeer < $0.received }?.mayHaveSent ?? .max
        let isHeard = answersHeader || socket.isShutDown || !payloadSent.isEmpty
        let greeting = isHeard ? .max : greetingEnd ?? .max
        socket.peerSends(upTo: min(limit, min(open, greeting) - socket.arrived), &random)
    }

    /// The far end aborts, or its network is gone.
    func fails(_ fault: LegFault) {
        self.fault = fault
        socket.peerResets()
    }

    func peerFinishes() {
        if !isConnecting { socket.peerFinishes() }
    }
}
