import Glibc
import TailwartAdmin
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire

/// What `tailwart status` shows: read from counts and values that are there anyway.
extension Edge {
    /// - Parameter uptime: seconds.
    func status(uptime: Int) -> CommandAnswer {
        let (memory, health, configuration, topology) =
            (ledger.memory, ledger.health, configuration, engine.topology)
        let clock = StatusClock(now: Clock.wall())
        var status = EdgeStatus()
        status.version = Version.current.line
        status.process = Int(getpid())
        status.state = orders.isDraining ? "draining" : "serving"
        status.uptime = uptime
        status.listeners = topology.frontends.map { listener($0) }
        status.places = places(topology.approaches, configuration, health, memory, clock)
        status.certificates = health.places.flatMap { $0.certificates(clock) }
        let names = configuration.hostNames.compactMap { name in memory.names[name].map { (name, $0) } }
        status.names = names.map { name, known in
            [
                "name": .text(name), "addresses": .texts(known.addresses.map { "\($0)" }), "source": known.source.json,
                "failure": known.failure.json, "for_s": clock.seconds(since: known.since),
            ]
        }
        status.tailnet = memory.tailnet.map { news, time in
            [
                "change": .text(news.change.rawValue), "level": .text(news.level.rawValue),
                "message": .text(news.sentence), "fix": news.fix.json, "for_s": clock.seconds(since: time),
            ]
        }
        let totals = ledger.totals
        let counters = engine.counters
        status.totals = [
            "open": .number(counters.live), "accepted": .number(counters.accepted),
            "bytes_in": .number(totals.inboundBytes), "bytes_out": .number(totals.outboundBytes),
            "lost_records": .number(counters.lostRecords), "lost_events": .number(totals.lostEvents),
        ]
        status.endings = totals.connections.sorted {
            ($0.key.listener, $0.key.reason.rawValue) < ($1.key.listener, $1.key.reason.rawValue)
        }
        .map { key, count in
            [
                "listener": .text(key.listener), "reason": .text(key.reason.name), "count": .number(count),
            ]
        }
        status.bans = EdgeStatus.bans(
            access.bans.counts, isObserving: configuration.bans.isObserving, failure: access.bans.failure)
        status.turnedAway = access.bans.strange.map { row in
            EdgeStatus.turnedAway(row, isBanned: access.isBanned(row.network.base))
        }
        status.events = memory.grave.suffix(10).map { said in
            [
                "time": .text(clock.text(said.at)), "level": .text(said.event.level.rawValue),
                "event": .text(said.event.kind.name), "message": .text(said.event.sentence),
            ]
        }
        return status.answer(
            problems: health.problems + names.flatMap { Self.problems($0, $1) } + memory.problems)
    }

    /// What `tailwart probe` shows: these places as they were found just now.
    func probed(_ keys: Set<Place.Key>, but unprobed: HealthMonitor.Unprobed) -> CommandAnswer {
        let (memory, configuration) = (ledger.memory, configuration)
        let approaches = engine.topology.approaches.filter { keys.contains($0.place.key) }
        var health = ledger.health
        health.places = health.places.filter { keys.contains($0.place.key) }
        health.diagnoses = health.diagnoses.filter { found in found.places.contains { keys.contains($0.key) } }
        return ProbeAnswer(
            places: places(approaches, configuration, health, memory, StatusClock(now: Clock.wall())),
            problems: health.problems
                + health.places.compactMap { report in
                    let label = report.place.label(nil)
                    if unprobed.late.contains(report.place.key) { return ProbeAnswer.late(label) }
                    return unprobed.resting.contains(report.place.key) ? ProbeAnswer.resting(label) : nil
                }
        ).answer
    }

    private func listener(_ frontend: Frontend) -> JSON {
        let doors = frontend.doors
        let sockets = listeners.sockets
        let addresses = doors.map { door in
            let address = sockets.first { $0.key == door.key }?.address
            // What was asked for, but for the port that the kernel chose.
            return door.key.bind.port == 0 ? address.map { "\($0)" } ?? "\(door.key)" : "\(door.key)"
        }
        let refused = doors.reduce(0) { sum, door in
            sum + CloseReason.allCases.filter(\.isUnserved).reduce(0) { $0 + door.endings($1) }
        }
        return [
            "name": .text(frontend.listener.name), "protocol": .text(frontend.listener.proto.rawValue),
            "addresses": .texts(addresses), "open": .number(doors.reduce(0) { $0 + $1.open }),
            "accepted": .number(doors.reduce(0) { $0 + $1.accepted }), "refused": .number(refused),
            "bytes_in": .number(doors.reduce(0) { $0 + $1.inboundBytes }),
            "bytes_out": .number(doors.reduce(0) { $0 + $1.outboundBytes }),
        ]
    }

    private func places(
        _ approaches: [Approach], _ configuration: Configuration, _ health: Ledger.Health, _ memory: EventMemory,
        _ clock: StatusClock
    ) -> [JSON] {
        let protocols = Dictionary(
            configuration.placesWithWays.compactMap { entry in entry.ways.first.map { (entry.place, $0.proto) } }
        ) { first, _ in first }
        return approaches.map { approach in
            let key = approach.place.key
            let report = health.places.first { $0.place.key == key }
            let proto = report?.place.proto ?? protocols[key]
            let standing =
                switch report?.standing {
                case .healthy: "healthy"
                case .unhealthy: "unhealthy"
                case .unknown, nil: approach.place.isUnhealthy ? "unhealthy" : "unknown"
                }
            return [
                "upstream": .text(key.upstream), "endpoint": .text(key.endpoint), "port": .number(Int(key.port)),
                "protocol": (proto?.rawValue).json,
                "addresses": .texts(
                    approach.addresses.map { address in
                        switch address.dialled(doorPort: key.port) {
                        case .internet(let address): "\(address.ip)"
                        case .unix(let path): "unix:\(path)"
                        }
                    }),
                "standing": .text(standing),
                "for_s": report.flatMap { memory.standings[$0.place] }.map { clock.seconds(since: $0) } ?? .null,
                "verdicts": .list(report?.verdicts(health.diagnoses, memory, clock) ?? []),
            ]
        }
    }

    private static func problems(_ name: String, _ known: EventMemory.Name) -> [CommandAnswer.Problem] {
        guard let failure = known.failure else { return [] }
        let event = EdgeEvent.unresolved(name: name, failure: failure, keepsAddresses: !known.addresses.isEmpty)
        return [.init(known.addresses.isEmpty ? .error : .warning, event.sentence)]
    }
}

/// The time of one answer.
struct StatusClock {
    /// Microseconds since 1970.
    let now: Int64

    func seconds(since time: Int64) -> JSON { .number(max(0, now - time) / 1_000_000) }

    func text(_ time: Int64) -> String {
        var line = LineBuffer()
        line.append(time: time)
        return line.text
    }
}

extension Ledger.Health {
    fileprivate var problems: [CommandAnswer.Problem] {
        diagnoses.compactMap(\.problem) + places.compactMap(\.problem)
    }
}

extension EventMemory {
    /// What is wrong with the tailnet.
    fileprivate var problems: [CommandAnswer.Problem] {
        tailnet.compactMap { news, _ in
            switch news.level {
            case .error: .init(.error, news.sentence, fix: news.fix)
            case .warning: .init(.warning, news.sentence, fix: news.fix)
            case .info, .debug: nil
            }
        }
    }
}

extension PlaceReport {
    private var sorted: [(name: String?, result: ProbeResult)] {
        results.map { ($0.key, $0.value) }.sorted { ($0.0 ?? "") < ($1.0 ?? "") }
    }

    fileprivate func verdicts(_ diagnoses: [Diagnosis], _ memory: EventMemory, _ clock: StatusClock) -> [JSON] {
        sorted.map { name, result in
            let asked = AskedPlace(place, serverName: place.proto == .https ? name : nil)
            let found = diagnoses.first { $0.asked.contains(asked) } ?? Diagnosis([asked], result)
            return [
                "server_name": name.json, "verdict": .text(result.verdict.name),
                "grade": .text(result.verdict.grade.rawValue), "detail": .text(result.detail),
                "cause": .text(found.cause), "fix": .text(found.fix),
                "for_s": memory.verdicts[asked].map { clock.seconds(since: $0) } ?? .null,
                "connect_us": result.roundTrip.map { .number($0.microseconds) } ?? .null,
            ]
        }
    }

    fileprivate func certificates(_ clock: StatusClock) -> [JSON] {
        sorted.compactMap { name, result in
            result.certificate.map { certificate in
                [
                    "upstream": .text(place.upstream), "endpoint": .text(place.endpoint),
                    "port": .number(Int(place.port)), "server_name": name.json, "subject": .text(certificate.subject),
                    "issuer": .text(certificate.issuer), "names": .texts(certificate.names),
                    "not_after": .number(certificate.notAfter),
                    // Of a day that has begun none is left.
                    "days_left": .number((certificate.notAfter - Int(clock.now / 1_000_000)) / 86_400),
                ]
            }
        }
    }

    /// That clients do not get there, where no probe says so.
    fileprivate var problem: CommandAnswer.Problem? {
        guard standing == .unhealthy, !results.values.contains(where: { $0.verdict.grade == .failed }) else {
            return nil
        }
        return .init(
            .error, "\(place.label(nil)) is unhealthy, as connections say: it gets no connections except trials")
    }
}

extension Diagnosis {
    /// What an operator has to know, with its fix. Of what follows from the tailnet the fix is said there, where it may be a warning: that clients do not get
    /// through is an error all the same.
    fileprivate var problem: CommandAnswer.Problem? {
        guard verdict.grade != .good else { return nil }
        if case .follows = joint { return .init(.error, "\(label): \(cause)") }
        return .init(
            verdict.grade == .failed ? .error : .warning, "\(label): \(statement)", fix: fix)
    }
}
