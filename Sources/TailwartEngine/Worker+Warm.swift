import TailwartCore
import TailwartSystem
import TailwartWire

/// Keeping sockets connected for clients to come.
extension Worker {
    /// Works out from the topology what is to be kept warm. Each worker keeps its part of what the upstream asks for, rounded up.
    mutating func wantWarm() {
        var wanted: [WarmPool.Wanted] = []
        for approach in topology.approaches {
            let backend = approach.backend
            guard backend.upstream.warm > 0, case .direct = backend.via,
                let number = approach.addresses.next(besides: 0),
                case .internet(let address) = approach.addresses[number].dialled(doorPort: 0),
                // Without a header the server would greet a client that is not there yet.
                !approach.headers.contains(.none)
            else { continue }
            wanted.append(
                WarmPool.Wanted(
                    place: approach.place, dialled: .internet(address),
                    count: (backend.upstream.warm + parts.workers - 1) / parts.workers,
                    saysLocal: approach.headers == [.v2],
                    connectLimit: backend.connectLimit ?? Timeouts.defaultConnect.microseconds))
        }
        warm.want(wanted, now: now)
    }

    /// Replaces what has waited too long and connects what is missing.
    mutating func tendWarm() {
        warm.checked(now: now)
        if isDraining { return warm.closeAll() }
        for slot in warm.overdue(now: now) { warm.outlived(slot) }
        for index in warm.missing(now: now) { connectWarm(index) }
    }

    /// The kernel reports on a waiting socket: it is connected, or the upstream gave it up.
    mutating func warmIsReady(_ token: WarmPool.Token, _ readiness: Readiness) {
        guard let spare = warm.find(token) else { return }
        if readiness.has(.unusual) || readiness.has(.readable) { return warm.spoiled(token, now: now) }
        if readiness.has(.anythingToWrite), !spare.isConnected { warm.markConnected(token) }
    }

    /// A connected socket, which becomes the caller's.
    mutating func takeWarm(_ place: Place) -> WarmPool.Spare? {
        guard let spare = warm.take(place: place) else { return nil }
        _ = epoll.remove(spare.socket)
        return spare
    }

    private mutating func connectWarm(_ index: Int) {
        let wish = warm.wanted[index]
        guard !wish.place.isUnhealthy, let address = SocketAddress(wish.dialled) else { return }
        do throws(Errno) {
            var descriptor = try stream(family: address.family)
            let socket = descriptor.socket
            socket.setNoDelay()
            // A path that has died meanwhile shows when the header is not acknowledged, within the time of a connect.
            socket.setUserTimeout(milliseconds: CInt(clamping: wish.connectLimit / 1000))
            let answer = socket.connect(to: address)
            if case .failed = answer {
                descriptor.close()
                return warm.failed(index, now: now)
            }
            let token = warm.keep(descriptor, for: index, isConnected: answer == .connected, now: now)
            if epoll.add(socket.raw, .incomingAndWritable, token: Self.warmToken | token.rawValue) != nil {
                warm.close(token.slot)
            }
        } catch {
            warm.failed(index, now: now)
        }
    }
}
