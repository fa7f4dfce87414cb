import TailwartWire

/// What programs read of an event.
extension EdgeEvent {
    /// The value under one of the keys of its ``Kind``; nil if it is not known.
    package func value(of key: EventKey) -> EventValue? {
        switch (self, key) {
        case (.verdict(let found), .cause): .text(found.cause)
        case (.verdict(let found), .fix): .text(found.fix)
        case (_, .fix): fix.map { .text($0) }
        case (.verdict(let found), _):
            found.places.value(of: key) ?? found.result.value(of: key, serverName: found.asked.first?.name)
        case (.health(_, let isHealthy, _, _), .standing): .text(isHealthy ? "healthy" : "unhealthy")
        case (.health(_, _, _, let found), .verdict), (.health(_, _, _, let found), .detail):
            found.flatMap { $0.result.value(of: key, serverName: nil) }
        case (.health(let places, _, _, _), _): places.value(of: key)
        case (.tailnet(let news), _): news.value(of: key)
        case (.userspace, .change): .text(TailnetNews.Change.userspace.rawValue)
        case (.userspace(let names), .names): .list(names)
        case (.listening(let version, _), .version): .text(version)
        case (.listening(_, let openings), .addresses): .list(openings.map { "\($0.bind)" })
        case (.takeover(let openings), .addresses): .list(openings.map { "\($0.bind)" })
        case (.takeoverFailed(let failure), .failure): .text(failure)
        case (.ban(let news), _): news.value(of: key)
        case (.bansFailed(let failure, _), .failure): .text(failure)
        case (.clientTableFull(let connections, _), .connections): .number(connections)
        case (.clientTableFull(_, let slots), .limit): .number(slots)
        case (.edgeBanned(let addresses), .addresses): .list(addresses.map { "\($0)" })
        case (.edgeBanned, .cause): .text("The mailbox bans this edge.")
        case (.addressMissing(let opening), .listener): .text(opening.listener)
        case (.addressMissing(let opening), .addresses): .list(["\(opening.bind)"])
        case (.adminUnavailable(let socket, _), .addresses): .list([socket])
        case (.adminUnavailable(_, let failure), .failure): .text(failure)
        case (.descriptorsShort(let limit, _), .limit): .number(Int(clamping: limit))
        case (.descriptorsShort(_, let connections), .connections): .number(connections)
        case (.descriptorsExhausted(let limit), .limit): limit.map { .number(Int(clamping: $0)) }
        case (.headerUnexpected(_, let listener), .listener): .text(listener)
        case (.headerUnexpected(let client, _), .client): .text("\(client)")
        case (.headerUnexpected(let client, let listener), .cause): .text(Self.headerCause(client, listener))
        case (.resolved(let name, _, _), .name), (.unresolved(let name, _, _), .name): .text(name)
        case (.resolved(_, let addresses, _), .addresses): .list(addresses.map { "\($0)" })
        case (.resolved(_, _, let source), .source): source.map { .text($0) }
        case (.unresolved(_, let failure, _), .failure): .text(failure)
        case (.listLoaded(let news), .name): .text(news.name)
        case (.listLoaded(let news), .networks): .number(news.networks)
        case (.listLoaded(let news), .skipped): news.skipped > 0 ? .number(news.skipped) : nil
        case (.listLoaded(let news), .problems): news.problems.isEmpty ? nil : .list(news.problems)
        case (.listFailed(let name, _, _), .name): .text(name)
        case (.listFailed(_, let failure, _), .failure): .text(failure)
        case (.listFailed(_, _, let kept), .networks): kept.map { .number($0) }
        case (.signalIgnored(let signal), .signal): .text(signal.rawValue)
        case (.reloaded(let difference, _), .changes): .list(difference.sentences(atMost: Self.changeLimit))
        case (.reloaded(let difference, _), .needsRestart): .list(difference.needsRestart)
        case (.reloaded(_, let problems), .problems), (.reloadFailed(let problems), .problems):
            .list(problems.map(\.sentence))
        case (.noticeSent(let messenger, _, _), .to), (.noticeFailed(let messenger, _), .to): .text(messenger)
        case (.noticeSent(_, let notice, _), .notice): .text(notice.kindName)
        case (.noticeSent(_, let notice, _), .state): .text(notice.state)
        case (.noticeSent(_, _, let lost), .lost): lost > 0 ? .number(lost) : nil
        case (.noticeFailed(_, let failure), .failure): .text(failure)
        case (.draining(let cause, _, _), .reason), (.cutShort(let cause, _), .reason): .text(cause.rawValue)
        case (.draining(_, let live, _), .connections), (.cutShort(_, let live), .connections): .number(live)
        case (.draining(_, _, let limit), .limit): .text(limit.configurationText)
        case (.stopped(let accepted), .connections): .number(accepted)
        case (.eventsLost(let count, _), .lost), (.recordsLost(let count, _), .lost): .number(count)
        case (.eventsLost(_, let failure), .failure), (.recordsLost(_, let failure), .failure):
            failure.map { .text($0) }
        default: nil
        }
    }
}

/// Of one endpoint; what there is only one of is that of the first.
extension [ProbedPlace] {
    fileprivate func value(of key: EventKey) -> EventValue? {
        switch key {
        case .upstream: first.map { .text($0.upstream) }
        case .endpoint: first.map { .text($0.endpoint) }
        case .port: first.map { .number(Int($0.port)) }
        case .ports: .numbers(map { Int($0.port) })
        case .proto: first.map { .text($0.proto.rawValue) }
        default: nil
        }
    }
}

extension ProbeResult {
    fileprivate func value(of key: EventKey, serverName: String?) -> EventValue? {
        switch key {
        case .verdict: .text(verdict.name)
        case .grade: .text(verdict.grade.rawValue)
        case .detail: .text(detail)
        case .serverName: serverName.map { .text($0) }
        case .toConnectMicroseconds: roundTrip.map { .number(Int(clamping: $0.microseconds)) }
        case .certificateSubject: certificate.map { .text($0.subject) }
        case .certificateIssuer: certificate.map { .text($0.issuer) }
        case .certificateNames: certificate.map { .list($0.names) }
        case .certificateNotAfter: certificate.map { .number($0.notAfter) }
        case .certificateLifetimeLeft: certificate.map { .number(Int($0.lifetimeLeft * 100)) }
        default: nil
        }
    }
}

extension TailnetNews {
    fileprivate func value(of key: EventKey) -> EventValue? {
        switch key {
        case .change: .text(change.rawValue)
        case .name: name.map { .text($0) }
        case .roundTrip: roundTrip.map { .number(Int(clamping: $0.microseconds)) }
        case .lastHandshake: lastHandshake.map { .number($0) }
        default: nil
        }
    }
}
