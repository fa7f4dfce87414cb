import TailwartTesting

/// One leg of a relay as an edge-triggered kernel shows it: a receive queue that a peer fills, a send queue that a peer empties, and
/// reports of changes only.
struct SimulatedSocket {
    /// What the peer will send in all, and how much of it has arrived here.
    private(set) var script: [UInt8]
    var arrived = 0
    var taken = 0
    var peerHasFinished = false
    var isReset = false

    /// What was sent to the peer, and how much of it the peer has read.
    var sent: [UInt8] = []
    var readByPeer = 0
    let sendQueue: Int
    var isShutDown = false
    var isOpen = true

    /// Reports that have not been fetched yet.
    var readableEdge = false
    var writableEdge = false
    private var wasRefused = false

    init(script: [UInt8], sendQueue: Int) {
        self.script = script
        self.sendQueue = sendQueue
    }

    enum Answer: Equatable {
        case count(Int)
        case wouldBlock
        case reset
    }

    var space: Int { sendQueue - (sent.count - readByPeer) }

    // MARK: - what the edge does

    /// As `recv` with `MSG_PEEK`: empty at the end; nil where nothing is there.
    func peek(upTo limit: Int) -> [UInt8]? {
        precondition(isOpen, "peeked at a closed socket")
        let available = script[taken..<arrived].prefix(limit)
        if !available.isEmpty { return Array(available) }
        return isReset || (peerHasFinished && taken == script.count) ? [] : nil
    }

    /// - Parameter whole: as `recv`, which gives all that fits; `splice` may give less.
    mutating func read(upTo limit: Int, whole: Bool, into carried: inout [UInt8], _ random: inout SeededRandom)
        -> Answer
    {
        precondition(isOpen, "read from a closed socket")
        let available = min(arrived - taken, limit)
        if available > 0 {
            let count = whole ? available : Int.random(in: 1...available, using: &random)
            carried += script[taken..<(taken + count)]
            taken += count
            return .count(count)
        }
        if isReset { return .reset }
        return peerHasFinished && taken == script.count ? .count(0) : .wouldBlock
    }

    /// - Parameter whole: as `send`, which takes all that fits; `splice` may take less.
    mutating func write(_ bytes: ArraySlice<UInt8>, whole: Bool, _ random: inout SeededRandom) -> Answer {
        precondition(isOpen && !isShutDown, "written to a socket that was closed or shut down")
        if isReset { return .reset }
        let fits = min(space, bytes.count)
        guard fits > 0 else {
            wasRefused = true
            return .wouldBlock
        }
        let count = whole ? fits : Int.random(in: 1...fits, using: &random)
        if count == space { wasRefused = true }
        sent += bytes.prefix(count)
        return .count(count)
    }

    // MARK: - what the peer does

    mutating func peerSends(upTo limit: Int, _ random: inout SeededRandom) {
        guard arrived < script.count, limit > 0, !isReset else { return }
        arrived += Int.random(in: 1...min(limit, script.count - arrived), using: &random)
        readableEdge = true
    }

    /// What has not been sent will never be.
    mutating func abandonScript() { script = Array(script.prefix(arrived)) }

    mutating func peerFinishes() {
        guard arrived == script.count, !peerHasFinished, !isReset else { return }
        peerHasFinished = true
        readableEdge = true
    }

    mutating func peerReads(upTo limit: Int, _ random: inout SeededRandom) {
        let waiting = sent.count - readByPeer
        guard waiting > 0 else { return }
        readByPeer += Int.random(in: 1...min(limit, waiting), using: &random)
        if wasRefused {
            wasRefused = false
            writableEdge = true
        }
    }

    mutating func peerResets() {
        isReset = true
        readableEdge = true
        writableEdge = true
    }
}
