/// Whether text can still become an address when more bytes follow.
///
/// The PROXY line may arrive in pieces, and a byte that is already wrong must be refused when it is seen. ``IPAddress``
/// itself answers only for whole text.
enum AddressBeginning: Equatable {
    case possible
    case impossible
    /// It reads like an address of the other family.
    case otherFamily

    static func ofV4(_ text: Span<UInt8>) -> AddressBeginning {
        var dots = 0
        var value: UInt32 = 0
        var isEmpty = true
        for index in text.indices {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit <= 9, isEmpty || value > 0 {
                value = value * 10 + UInt32(digit)
                isEmpty = false
                guard value <= 255 else { return .impossible }
            } else if text[index] == UInt8(ascii: "."), !isEmpty, dots < 3 {
                dots += 1
                value = 0
                isEmpty = true
            } else {
                return text[index] == UInt8(ascii: ":") ? .otherFamily : .impossible
            }
        }
        return .possible
    }

    static func ofV6(_ text: Span<UInt8>) -> AddressBeginning {
        let colon = UInt8(ascii: ":")
        /// Groups that a colon has ended, without the gap.
        var groups = 0
        var digits = 0
        var hasGap = false
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                digits += 1
                let followsLoneColon = index == 1 && text[0] == colon
                // A gap stands for at least one group.
                guard digits <= 4, groups < (hasGap ? 7 : 8), !followsLoneColon else { return .impossible }
            case colon where digits > 0:
                groups += 1
                digits = 0
                guard groups < 8 else { return .impossible }
            case colon where index == 0:
                break
            case colon where text[index - 1] == colon && !hasGap:
                hasGap = true
            case UInt8(ascii: ".") where groups == 0 && !hasGap:
                return .otherFamily
            case UInt8(ascii: ".") where hasGap ? groups <= 5 : groups == 6:
                return ofV4(text.extracting((index - digits)...)) == .possible ? .possible : .impossible
            default:
                return .impossible
            }
        }
        return .possible
    }
}
