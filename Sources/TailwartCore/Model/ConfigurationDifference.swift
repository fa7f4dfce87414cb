import TailwartWire

/// What is not the same in two configurations, by key: what an operator is told of a reload, before and after it.
///
/// None of today's settings is a secret; of one that is, only that it has changed may stand here.
package struct ConfigurationDifference: Sendable, Equatable {
    /// What a change is of.
    package enum Part: String, CaseIterable, Sendable {
        case edge
        case listener
        /// That a listener listens on.
        case address
        /// Of a listener.
        case route
        case upstream
        /// Of an upstream.
        case endpoint
    }

    package enum Kind: String, CaseIterable, Sendable {
        case added
        case removed
        /// A listener has another name, and an address of before.
        case renamed
        /// An address belongs to another listener.
        case moved
        case changed
    }

    package struct Change: Sendable, Equatable {
        package let kind: Kind
        package let part: Part
        /// Of the part, as it is now; nil for the edge.
        package let name: String?
        /// The listener or upstream that the part belongs to; nil for those themselves.
        package let owner: String?
        /// As the file names it; nil where no setting has changed.
        package let setting: String?
        /// For people, as everything that is compared; nil where there is nothing to say.
        package let old: String?
        package let new: String?
        /// Whether the old value is used until the edge is started anew.
        package let needsRestart: Bool

        init(
            _ kind: Kind, _ part: Part, _ name: String? = nil, of owner: String? = nil, setting: String? = nil,
            old: String? = nil, new: String? = nil, needsRestart: Bool = false
        ) {
            self.kind = kind
            self.part = part
            self.name = name
            self.owner = owner
            self.setting = setting
            self.old = old
            self.new = new
            self.needsRestart = needsRestart
        }
    }

    /// Of the edge, then by listener, then by upstream, each in the order of the new file and what is gone last.
    package private(set) var changes: [Change] = []

    package var isEmpty: Bool { changes.isEmpty }

    /// The settings that are used as they were until the edge is started anew.
    package var needsRestart: [String] { changes.filter(\.needsRestart).compactMap(\.setting) }

    package init(from old: Configuration, to new: Configuration) {
        compare(old, new, Configuration.shown, .edge)
        compareListeners(old.listeners, new.listeners)
        let before = old.upstreamsByName
        for upstream in new.upstreams {
            if let before = before[upstream.name] {
                compare(before, upstream)
            } else {
                changes.append(Change(.added, .upstream, upstream.name, new: upstream.endpoints.shown))
            }
        }
        let now = new.upstreamsByName
        for upstream in old.upstreams where now[upstream.name] == nil {
            changes.append(Change(.removed, .upstream, upstream.name, old: upstream.endpoints.shown))
        }
    }

    private mutating func compare<Model>(
        _ old: Model, _ new: Model, _ settings: [ShownSetting<Model>], _ part: Part, _ name: String? = nil,
        of owner: String? = nil
    ) {
        for setting in settings {
            let (before, now) = (setting.text(old), setting.text(new))
            guard before != now else { continue }
            changes.append(
                Change(
                    .changed, part, name, of: owner, setting: setting.key, old: before, new: now,
                    needsRestart: setting.needsRestart))
        }
    }

    // MARK: - listeners

    private mutating func compareListeners(_ old: [Listener], _ new: [Listener]) {
        let before = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        let names = Set(new.map(\.name))
        let owners = Dictionary(old.flatMap { listener in listener.bind.map { ($0, listener.name) } }) { first, _ in
            first
        }
        let kept = Set(new.flatMap(\.bind))
        var renamed: Set<String> = []
        for listener in new {
            var earlier = before[listener.name]
            if earlier == nil,
                let name = listener.bind.lazy.compactMap({ owners[$0] }).first(where: { !names.contains($0) }),
                renamed.insert(name).inserted
            {
                earlier = before[name]
                changes.append(Change(.renamed, .listener, listener.name, old: name, new: listener.name))
            }
            guard let earlier else {
                changes.append(Change(.added, .listener, listener.name, new: listener.bind.shown))
                addMoved(to: listener, owners)
                continue
            }
            for bind in listener.bind where owners[bind] == nil {
                changes.append(Change(.added, .address, "\(bind)", of: listener.name))
            }
            addMoved(to: listener, owners, besides: earlier.name)
            for bind in earlier.bind where !kept.contains(bind) {
                changes.append(Change(.removed, .address, "\(bind)", of: listener.name))
            }
            compare(earlier, listener, Listener.shown, .listener, listener.name)
            compareRoutes(earlier, listener)
        }
        for listener in old where !names.contains(listener.name) && !renamed.contains(listener.name) {
            changes.append(Change(.removed, .listener, listener.name, old: listener.bind.shown))
        }
    }

    private mutating func addMoved(to listener: Listener, _ owners: [BindAddress: String], besides name: String? = nil)
    {
        for bind in listener.bind {
            guard let owner = owners[bind], owner != name else { continue }
            changes.append(Change(.moved, .address, "\(bind)", of: listener.name, old: owner, new: listener.name))
        }
    }

    private mutating func compareRoutes(_ old: Listener, _ new: Listener) {
        let (before, now) = (old.routes.map(\.shown), new.routes.map(\.shown))
        guard before != now else { return }
        if let one = before.first, let other = now.first, before.count == 1, now.count == 1 {
            changes.append(Change(.changed, .listener, new.name, setting: "routes", old: one, new: other))
            return
        }
        let (known, left) = (Set(before), Set(now))
        let added = now.filter { !known.contains($0) }.map { Change(.added, .route, $0, of: new.name) }
        let removed = before.filter { !left.contains($0) }.map { Change(.removed, .route, $0, of: new.name) }
        // The first that matches is taken, so their order says something too.
        let isReordered = before.filter(left.contains) != now.filter(known.contains)
        changes += added + removed + (isReordered ? [Change(.changed, .listener, new.name, setting: "routes")] : [])
    }

    // MARK: - upstreams

    private mutating func compare(_ old: Upstream, _ new: Upstream) {
        let before = Dictionary(old.endpoints.map { ($0.text, $0) }) { first, _ in first }
        let now = Set(new.endpoints.map(\.text))
        for endpoint in new.endpoints {
            if let before = before[endpoint.text] {
                compare(before, endpoint, Endpoint.shown, .endpoint, endpoint.text, of: new.name)
            } else {
                changes.append(Change(.added, .endpoint, endpoint.text, of: new.name))
            }
        }
        for endpoint in old.endpoints where !now.contains(endpoint.text) {
            changes.append(Change(.removed, .endpoint, endpoint.text, of: new.name))
        }
        let order = (
            old.endpoints.filter { now.contains($0.text) }, new.endpoints.filter { before[$0.text] != nil }
        )
        if order.0.map(\.text) != order.1.map(\.text) {
            changes.append(
                Change(
                    .changed, .upstream, new.name, setting: "endpoints", old: order.0.shown, new: order.1.shown))
        }
        compare(old, new, Upstream.shown, .upstream, new.name)
        switch (old.health, new.health) {
        case (let before?, let now?): compare(before, now, HealthSettings.shown, .upstream, new.name)
        case (nil, nil): break
        case (let before, _):
            let (off, on) = ("off", "on")
            changes.append(
                Change(
                    .changed, .upstream, new.name, setting: "health", old: before == nil ? off : on,
                    new: before == nil ? on : off))
        }
    }
}

extension Configuration {
    /// This one as far as it can be served by an edge that was started with another.
    package func withoutRestart(after running: Configuration) -> Configuration {
        var configuration = self
        configuration.workers = running.workers
        configuration.admin = running.admin
        return configuration
    }
}
