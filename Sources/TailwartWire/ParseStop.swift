/// How a step inside a parser ends the whole parse. It is thrown typed, so it costs no heap, and never leaves this
/// module.
enum ParseStop<Failure: Error & Equatable>: Error {
    case needMore
    case invalid(Failure)
}

extension ParseOutcome {
    init(_ stop: ParseStop<Failure>) {
        switch stop {
        case .needMore: self = .needMore
        case .invalid(let failure): self = .invalid(failure)
        }
    }
}
