/// Rules of which the first that holds decides, as routes that close: what earlier rules let in is taken out.
struct ClosingRules {
    private var letIn: [DraftMatch] = []
    /// Members of lists that were compared.
    private var compared = 0

    var letAnybodyIn: Bool { !letIn.isEmpty }

    mutating func letIn(_ matches: [DraftMatch]) { letIn += matches }

    /// What of a match is left to close; nil with that refused if it cannot be said.
    mutating func rest(of match: DraftMatch, at position: SourcePosition, _ findings: Findings) -> DraftMatch? {
        if compared <= 100 * DraftMatch.alternativesLimit {
            letIn = DraftMatch.or(letIn)
            compared += letIn.reduce(0) { $0 + $1.clients.count + $1.serverNames.count }
        }
        guard compared <= 100 * DraftMatch.alternativesLimit else {
            return findings.refuse(
                "what is let in and what is closed takes turns too often to be told apart here; put what is let in first, then "
                    + "one rule that closes", at: position)
        }
        return findings.said(match.without(letIn), at: position)
    }
}
