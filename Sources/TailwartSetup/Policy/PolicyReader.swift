import TailwartCore
package import TailwartWire

/// Turns the tree of a policy file into rules. What it does not understand becomes a finding and a doubt, never a permission.
struct PolicyReader {
    /// Nobody reads more at once.
    static let findingLimit = 100

    var policy = Policy()
    var hosts: [String: Network] = [:]
    var groups: [String: [JSON]] = [:]
    /// Whether rules without a posture of their own ask for one all the same.
    var hasDefaultPosture = false

    private static let knownSections = [
        "acls", "grants", "tests", "tagOwners", "groups", "hosts", "ipsets", "ssh", "sshTests", "autoApprovers",
        "nodeAttrs", "postures", "defaultSrcPosture", "derpMap", "disableIPv4", "oneCGNATRoute",
        "randomizeClientPort", "attrConfig",
    ]

    mutating func read(_ root: JSON) {
        guard let sections = PolicyFields(root) else {
            noteMalformed(at: root.position, "a policy is an object, { … }, not \(root.found)")
            return
        }
        report(sections, known: Self.knownSections, of: "the policy")
        hasDefaultPosture = sections["defaultSrcPosture"]?.isFilled ?? false
        readNames(sections)

        let acls = sections["acls"]
        let grants = sections["grants"]
        // Both Tailscale and Headscale: an empty list denies all, none at all allows all.
        policy.allowsEverything = acls == nil && grants == nil
        policy.rulesPosition = sections.keyPosition(of: "grants") ?? sections.keyPosition(of: "acls") ?? root.position
        if let acls { readACLs(acls) }
        if let grants { readGrants(grants) }
        if let tests = sections["tests"] { readTests(tests) }
    }

    /// `tagOwners`, `groups` and `hosts`, which rules refer to.
    private mutating func readNames(_ sections: PolicyFields) {
        policy.tagOwnersPosition = sections.keyPosition(of: "tagOwners")
        for member in named(sections["tagOwners"], "tagOwners") { policy.ownedTags.insert(member.key) }
        for member in named(sections["groups"], "groups") {
            if let members = member.value.list { groups[member.key] = members }
        }
        for member in named(sections["hosts"], "hosts") {
            guard let text = member.value.text, let network = Network(text) else {
                let found = member.value.found
                note(
                    .unknown, at: member.value.position,
                    "\(found) is neither an IP address nor a network; left out here")
                continue
            }
            hosts[member.key] = network
        }
    }

    /// The members of a section that maps names of the operator's choice.
    private mutating func named(_ section: JSON?, _ name: String) -> [JSON.Member] {
        guard let section, section.isFilled else { return [] }
        guard let members = section.members else {
            noteMalformed(at: section.position, "'\(name)' is an object, { … }, not \(section.found)")
            return []
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.key).inserted { noteRepeated(member) }
        return members
    }

    // MARK: Findings

    mutating func note(_ severity: PolicyFinding.Severity, at position: TextPosition, _ message: String) {
        let count = policy.findings.count
        guard count <= Self.findingLimit else { return }
        policy.findings.append(
            count < Self.findingLimit
                ? PolicyFinding(severity, at: position, message)
                : PolicyFinding(.error, at: position, "more than \(count) things to say; fix those first"))
    }

    /// A value of a type that no control server takes there.
    mutating func noteMalformed(at position: TextPosition, _ message: String) {
        policy.isMalformed = true
        note(.error, at: position, message)
    }

    mutating func report(_ fields: PolicyFields, known: [String], of whole: String) {
        for member in fields.repeated { noteRepeated(member) }
        for member in fields.unknown(besides: known) {
            note(
                .unknown, at: member.keyPosition,
                "\(member.key.quoted) is not a key of \(whole) that is known here; what it does is not looked at")
        }
    }

    private mutating func noteRepeated(_ member: JSON.Member) {
        note(
            .error, at: member.keyPosition,
            "the key \(member.key.quoted) is repeated, so one of the two has no effect; keep one")
    }
}

extension Policy {
    /// Reads HuJSON, JSON with comments and commas after the last member, as the control servers take it. Keys may stand twice.
    package init(_ text: [UInt8]) throws(JSONError) {
        var reader = PolicyReader()
        reader.read(try JSONReader.read(text.span, JSONReader.Options(allowsComments: true)))
        self = reader.policy
    }
}
