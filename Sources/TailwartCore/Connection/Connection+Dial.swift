import TailwartWire

/// pick → dial → PROXY header out. No byte of the client has been passed yet, so a failure goes on to the next address.
extension Connection {
    /// Between two rounds over all addresses while a client is held, in microseconds.
    package static let holdInterval: UInt64 = 500_000
    /// For an address while the place has others that had no turn, in microseconds: one that says nothing must not cost the client the
    /// whole time of a connect. Behind the others it gets that too. Over a second, after which a lost SYN is sent again (RFC 6298
    /// section 2).
    package static let hurriedLimit: UInt64 = 1_300_000

    mutating func beginDial(_ passage: Passage, _ around: inout Surroundings) -> Action {
        let backend = passage.backend
        let first = EndpointPicker.first(
            of: backend, turn: backend.upstream.policy == .roundRobin ? backend.turn.take() : 0,
            client: record.client?.ip,
            // One that is passed over must not hide the others behind it.
            load: { passage.places[$0].isUnhealthy ? 1 << 40 : passage.places[$0].load })
        let dial = Dial(first: Int32(first), mayUseWarm: backend.upstream.warm > 0)
        return nextAddress(dial, &around)
    }

    /// Tries addresses from the present one on until one is on its way.
    mutating func nextAddress(_ dial: Dial, _ around: inout Surroundings) -> Action {
        var dial = dial
        let passage = passage
        while let index = EndpointPicker.endpoint(
            of: passage.backend, first: Int(dial.first), attempt: Int(dial.attempt), client: record.client?.ip)
        {
            dial.endpoint = Int32(index)
            let place = passage.places[index]
            record.place = .passUnretained(place)
            header = passage.headers[index]
            let isNew = dial.tried == 0 && !dial.isPatient
            guard choose(from: passage.addresses[index], &dial, now: around.now),
                !isNew || mayDial(place, passage, &dial, now: around.now)
            else {
                if dial.isBlamed { place.failed() }
                dial.leavePlace()
                continue
            }
            // A warm socket stands for the whole place: it is asked for once, before the first address.
            if isNew, dial.mayUseWarm {
                phase = .takingWarm(dial)
                return .takeWarm(record.place)
            }
            return connect(dial, now: around.now)
        }
        return roundFailed(dial, &around)
    }

    /// Chooses the next of the addresses of a place.
    ///
    /// - Returns: whether there is one.
    private func choose(from addresses: [PlaceAddress], _ dial: inout Dial, now: UInt64) -> Bool {
        while true {
            guard let number = addresses.next(besides: dial.tried) else {
                guard dial.hurried != 0 else { return false }
                dial.tried &= ~dial.hurried
                dial.hurried = 0
                dial.isPatient = true
                continue
            }
            dial.tried |= 1 << UInt32(number)
            dial.address = Int32(number)
            guard sendsHeader, addresses[number].distrustsHeader else { return true }
            // Probes find out when that is over; where there are none a client has to, who is told so in time if it is not.
            if !passage.backend.isProbed, addresses[number].mayTryTrust(now: now) { return true }
            dial.failure = .headerNotTrusted
        }
    }

    /// Passes over a place that is unhealthy, but for a trial now and then where there is no other.
    private func mayDial(_ place: Place, _ passage: Passage, _ dial: inout Dial, now: UInt64) -> Bool {
        guard place.isUnhealthy else { return true }
        if passage.isWhollyUnhealthy, place.mayTry(now: now) { return true }
        if dial.failure == .upstreamUnresolved { dial.failure = .upstreamUnhealthy }
        return false
    }

    private mutating func connect(_ dial: Dial, now: UInt64) -> Action {
        let addresses = passage.addresses[Int(dial.endpoint)]
        let dialled = addresses[Int(dial.address)].dialled(doorPort: doorPort)
        record.upstreamAddress = dialled.internet
        phase = .connecting(dial)
        let isHurried = addresses.count > 1 && !dial.isPatient
        deadline = now + (isHurried ? min(passage.connectLimit, Self.hurriedLimit) : passage.connectLimit)
        return .connect(dialled, edgeSpeaksFirst: sendsHeader || way != nil)
    }

    /// All addresses of all endpoints have failed: holds the client if the upstream asks for it.
    private mutating func roundFailed(_ dial: Dial, _ around: inout Surroundings) -> Action {
        // An address that is there and distrusts the header does not come back by itself.
        guard around.now + Self.holdInterval <= holdUntil, dial.failure != .headerNotTrusted, dial.isHeld || mayWait()
        else {
            phase = .connecting(dial)
            return turnAway(Ending(dial.failure.rule.party == .edge ? .edge : .upstream, dial.failure), &around)
        }
        var dial = dial
        dial.isHeld = true
        dial.attempt = 0
        phase = .held(dial)
        deadline = around.now + Self.holdInterval
        return .hold(until: deadline)
    }

    /// Whether there is room among the held clients of the listener and of the edge, which it then takes.
    private func mayWait() -> Bool {
        guard frontend.headcount.hold(limit: frontend.maxConnections) else { return false }
        guard !topology.headcount.hold(limit: topology.maxConnections) else { return true }
        frontend.headcount.release()
        return false
    }

    /// Gives back what ``mayWait()`` has taken.
    func waitIsOver() {
        frontend.headcount.release()
        topology.headcount.release()
    }

    /// When a held client is turned away: so long after its route was known.
    private var holdUntil: UInt64 {
        startedAt + UInt64(record.times.toRoute ?? 0) + passage.backend.upstream.hold.microseconds
    }

    // MARK: - what the kernel answers

    /// A warm socket was taken from the pool, or there was none.
    ///
    /// - Parameter dialled: where it is connected to.
    package mutating func warmTaken(_ dialled: Dialled?, _ around: inout Surroundings) -> Action {
        guard case .takingWarm(let dial) = phase else { return .nothing }
        if let dialled {
            let address = passage.addresses[Int(dial.endpoint)].first { $0.dialled(doorPort: doorPort) == dialled }
            if address?.distrustsHeader ?? false { return .takeWarm(record.place) }
            record.upstreamAddress = dialled.internet
            phase = .greeting(dial, .warm)
            return .send(.proxyHeader)
        }
        // The address that a warm socket would have spared. Whether it may be dialled was asked before, and a trial is given once.
        return connect(dial, now: around.now)
    }

    /// The connect has an answer.
    package mutating func connectAnswered(_ answer: ConnectAnswer, _ around: inout Surroundings) -> Action {
        guard case .connecting(let dial) = phase else { return .nothing }
        switch answer {
        case .connected:
            return connected(dial, &around)
        case .inProgress:
            // The handshake over loopback is done by the time that connect returns: if the header goes through, so is it.
            guard record.upstreamAddress?.ip.isLoopback ?? false, way == nil, sendsHeader else {
                return .wait(.connect, until: deadline)
            }
            phase = .greeting(dial, .early)
            return .send(.proxyHeader)
        case .failed(.shortage):
            return turnAway(Ending(.edge, .descriptorLimit), &around)
        case .failed(let fault):
            // Of a lack of ports or of room in a queue, whoever stands on the way is as innocent as the upstream.
            let isOfWay = way != nil && fault != .noPort && fault != .backlogFull
            return addressFailed(dial, isOfWay ? .upstreamProxyFailed : .dialling(fault), &around)
        }
    }

    private mutating func connected(_ dial: Dial, _ around: inout Surroundings) -> Action {
        guard let way else { return greet(dial, &around) }
        deadline = around.now + passage.connectLimit
        phase = .passing(dial, way)
        return .send(way == .tailscaled ? .dialRequest : .socksGreeting)
    }

    /// Sends the header and relays.
    mutating func greet(_ dial: Dial, _ around: inout Surroundings) -> Action {
        guard sendsHeader else { return beginRelay(dial, isWarm: false, &around) }
        phase = .greeting(dial, .connected)
        return .send(.proxyHeader)
    }

    /// What the edge had to say to the upstream, or to whoever stands on the way, was sent or not.
    package mutating func sent(_ answer: SendAnswer, _ around: inout Surroundings) -> Action {
        switch phase {
        case .greeting(let dial, let greeting): headerSent(answer, dial, greeting, &around)
        case .passing(let dial, _): asked(answer, dial, &around)
        default: .nothing
        }
    }

    private mutating func headerSent(
        _ answer: SendAnswer, _ dial: Dial, _ greeting: Greeting, _ around: inout Surroundings
    ) -> Action {
        switch (answer, greeting) {
        case (.sent, _):
            return beginRelay(dial, isWarm: greeting == .warm, &around)
        case (_, .warm):
            phase = .takingWarm(dial)
            return .takeWarm(record.place)
        case (.blocked, .early):
            phase = .connecting(dial)
            return .wait(.connect, until: deadline)
        case (.blocked, .connected):
            return .wait(.connect, until: deadline)
        case (.torn, _):
            return addressFailed(dial, .upstreamUnreachable, &around)
        case (.failed(let fault), _):
            return addressFailed(dial, .dialling(fault), &around)
        }
    }

    /// Gives up the present address.
    ///
    /// - Parameter reason: for the record if no other succeeds.
    mutating func addressFailed(
        _ dial: Dial, _ reason: CloseReason, _ around: inout Surroundings
    ) -> Action {
        var dial = dial
        dial.failure = reason
        dial.isBlamed = reason.rule.blame == .withLastAddress
        let addresses = passage.addresses[Int(dial.endpoint)]
        if dial.isBlamed { addresses[Int(dial.address)].ended(.failed) }
        if reason == .connectTimeout, addresses.count > 1, !dial.isPatient { dial.hurried |= 1 << UInt32(dial.address) }
        return nextAddress(dial, &around)
    }
}

extension Connection.Dial {
    /// All addresses of the present endpoint had their turn.
    fileprivate mutating func leavePlace() {
        attempt += 1
        tried = 0
        hurried = 0
        isPatient = false
        isBlamed = false
    }
}
