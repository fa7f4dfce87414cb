/// What every parser of this module answers: *found*, *definitely not*, or *need more*.
///
/// No parser traps, throws or keeps state: it is asked again, from the first byte on, when more has arrived.
package enum ParseOutcome<Value: Sendable, Failure: Error & Equatable>: Sendable {
    case found(Value)
    case invalid(Failure)
    case needMore
}

extension ParseOutcome: Equatable where Value: Equatable {}

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
