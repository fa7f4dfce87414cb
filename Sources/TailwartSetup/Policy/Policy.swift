package import TailwartWire

/// A tailnet policy file as far as it says who may connect where. Other sections (`ssh`, `autoApprovers`, …) are left alone.
package struct Policy: Sendable {
    /// Of `acls` and `grants` alike, in the order of the file.
    var rules: [PolicyRule] = []
    var tests: [PolicyTest] = []
    /// The keys of `tagOwners`: no device can carry another tag.
    var ownedTags: Set<String> = []
    /// Where a missing rule or tag would be added.
    var rulesPosition: TextPosition = .start
    var tagOwnersPosition: TextPosition?
    /// Neither `acls` nor `grants` is there: then everything may connect to everything.
    var allowsEverything = false
    /// A list where an object belongs and the like: whatever else would be said of such a file could only follow from it.
    var isMalformed = false
    /// What is wrong with the file itself.
    var findings: [PolicyFinding] = []
}

/// One entry of `acls` or `grants`. All rules allow, and their order does not matter.
struct PolicyRule: Sendable {
    struct Destination: Sendable {
        let selector: PolicySelector
        /// TCP ports.
        let ports: PortSet
    }

    let position: TextPosition
    /// `grants[2]`, as people count in JSON.
    let name: String
    var sources: [PolicySelector] = []
    var destinations: [Destination] = []
    /// Whether other protocols than TCP are allowed too.
    var allowsOtherProtocols = false
    /// Why the rule may not hold although it matches. Never taken for good.
    var doubts: [String] = []
}

/// One entry of `tests`.
struct PolicyTest: Sendable {
    struct Destination: Sendable {
        let position: TextPosition
        let selector: PolicySelector
        let ports: PortSet
    }

    let position: TextPosition
    /// One, unless it is a group.
    let sources: [PolicySelector]
    /// Whether it is about TCP, alone or among others.
    let isTCP: Bool
    let accept: [Destination]
    let deny: [Destination]
}

/// One thing to know about a policy: where, what, and how to mend it.
package struct PolicyFinding: Sendable, Equatable {
    package enum Severity: String, Sendable {
        /// Something that is needed is not granted, or the file cannot be used.
        case error
        /// It cannot be told whether it is good.
        case unknown
        /// It works, and should be tidied.
        case warning
    }

    package let severity: Severity
    package let position: TextPosition
    package let message: String

    package init(_ severity: Severity, at position: TextPosition, _ message: String) {
        self.severity = severity
        self.position = position
        self.message = message
    }
}
