/// What every parser of this module answers: *found*, *definitely not*, or *need more*.
///
/// No parser traps, throws or keeps state: it is asked again, from the first byte on, when more has arrived.
package enum ParseOutcome<Value: Sendable, Failure: Error & Equatable>: Sendable {
    case found(Value)
    case invalid(Failure)
    case needMore
}

extension ParseOutcome: Equatable where Value: Equatable {}
