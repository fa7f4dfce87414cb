import TailwartWire

/// Reads TOML 1.0, all but dates: nothing that Traefik takes is one.
struct TOMLReader {
    private static let depthLimit = 100

    private var cursor: TextCursor
    private var root: TraefikNode
    /// Where keys go: the table whose head was read last.
    private var table: [String] = []
    /// Tables whose head was read.
    private var heads: Set<[String]> = []

    private init(_ text: String, file: String) {
        cursor = TextCursor(text, file: file)
        root = TraefikNode(.mapping([]), at: .start(of: file))
    }

    static func read(_ text: String, file: String) throws(SyntaxProblem) -> TraefikNode {
        var reader = TOMLReader(text, file: file)
        while reader.skipToStatement() { try reader.statement() }
        return reader.root
    }

    private mutating func statement() throws(SyntaxProblem) {
        if cursor.next == "[" {
            try head()
        } else {
            let position = cursor.position
            let path = try key()
            try expect("=")
            let value = try value(depth: 0)
            try root.store(value, under: path[...], in: table[...], at: position)
        }
        skipBlanks()
        if cursor.next == "#" { cursor.take { $0 != "\n" } }
        guard cursor.next == nil || cursor.next == "\n" || cursor.next == "\r" else {
            throw SyntaxProblem("the line should end here", at: cursor.position)
        }
    }

    /// `[table]`, or `[[table]]`: one more of a list.
    private mutating func head() throws(SyntaxProblem) {
        let position = cursor.position
        cursor.take()
        let isOfList = cursor.next == "["
        if isOfList { cursor.take() }
        let path = try key()
        try expect("]")
        if isOfList {
            guard cursor.next == "]" else { throw SyntaxProblem("expected ']'", at: cursor.position) }
            cursor.take()
            heads = heads.filter { !$0.starts(with: path) }
        } else {
            guard heads.insert(path).inserted else {
                throw SyntaxProblem("this table is there already; join them", at: position)
            }
        }
        try root.open(path[...], isOfList: isOfList, at: position)
        table = path
    }

    private mutating func key() throws(SyntaxProblem) -> [String] {
        var path: [String] = []
        while true {
            skipBlanks()
            switch cursor.next {
            case "\"", "'": path.append(try string())
            default:
                let bare = cursor.take { $0.isBareKey }
                guard !bare.isEmpty else { throw SyntaxProblem("expected a key", at: cursor.position) }
                path.append(bare)
            }
            guard path.count <= Self.depthLimit else {
                throw SyntaxProblem("this is nested too deeply", at: cursor.position)
            }
            skipBlanks()
            guard cursor.next == "." else { return path }
            cursor.take()
        }
    }

    private mutating func value(depth: Int) throws(SyntaxProblem) -> TraefikNode {
        skipBlanks()
        let position = cursor.position
        guard depth < Self.depthLimit else { throw SyntaxProblem("this is nested too deeply", at: position) }
        switch cursor.next {
        case "\"", "'": return TraefikNode(.text(try string(mayHaveLines: true)), at: position)
        case "[":
            cursor.take()
            var elements: [TraefikNode] = []
            while true {
                skipLines()
                if cursor.next == "]" { break }
                elements.append(try value(depth: depth + 1))
                skipLines()
                guard cursor.next == "," else { break }
                cursor.take()
            }
            try expect("]")
            return TraefikNode(.list(elements), at: position)
        case "{":
            cursor.take()
            var node = TraefikNode(.mapping([]), at: position)
            skipBlanks()
            while cursor.next != "}" {
                let start = cursor.position
                let path = try key()
                try expect("=")
                try node.store(try value(depth: depth + 1), under: path[...], in: [], at: start)
                skipBlanks()
                guard cursor.next == "," else { break }
                cursor.take()
                skipBlanks()
            }
            try expect("}")
            return node
        default:
            let word = cursor.take { !$0.isBlank && !",]}#\n\r".unicodeScalars.contains($0) }
            guard word == "true" || word == "false" || word.isNumberOfTOML else {
                throw SyntaxProblem("expected a text in quotes, a number, true or false", at: position)
            }
            return TraefikNode(.text(word.filter { $0 != "_" }), at: position)
        }
    }

    // MARK: - texts

    private mutating func string(mayHaveLines: Bool = false) throws(SyntaxProblem) -> String {
        let start = cursor.position
        guard let quote = cursor.take() else { throw SyntaxProblem("expected a text", at: start) }
        var text = String.UnicodeScalarView()
        var isLong = false
        if cursor.next == quote {
            cursor.take()
            guard mayHaveLines, cursor.next == quote else { return "" }
            cursor.take()
            isLong = true
            // A line's end right behind the quotes is no part of it.
            if cursor.next == "\r" { cursor.take() }
            if cursor.next == "\n" { cursor.take() }
        }
        while let scalar = cursor.next {
            let position = cursor.position
            cursor.take()
            if scalar == quote {
                guard isLong else { return String(text) }
                var count = 1
                while count < 5, cursor.next == quote {
                    cursor.take()
                    count += 1
                }
                text.append(contentsOf: repeatElement(quote, count: count < 3 ? count : count - 3))
                if count >= 3 { return String(text) }
            } else if scalar == "\\", quote == "\"" {
                if let escaped = try escaped(isLong: isLong, at: position) { text.append(escaped) }
            } else if scalar == "\n" && !isLong || scalar.value < 32 && !"\t\n\r".unicodeScalars.contains(scalar) {
                throw SyntaxProblem("this text does not end", at: start)
            } else {
                text.append(scalar)
            }
        }
        throw SyntaxProblem("this text does not end", at: start)
    }

    /// What stands behind a backslash; nil for a line's end, which goes with the blanks behind it.
    private mutating func escaped(isLong: Bool, at position: SourcePosition) throws(SyntaxProblem) -> Unicode.Scalar? {
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{C}", "r": "\r", "\"": "\"", "\\": "\\",
        ]
        let scalar = cursor.take()
        if let scalar, let meant = simple[scalar] { return meant }
        if scalar == "u" || scalar == "U" {
            var digits = ""
            while digits.count < (scalar == "u" ? 4 : 8), let digit = cursor.next, digit.properties.isASCIIHexDigit {
                digits.unicodeScalars.append(digit)
                cursor.take()
            }
            if digits.count == (scalar == "u" ? 4 : 8),
                let meant = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
            {
                return meant
            }
        } else if isLong, let scalar, scalar.isBlank || scalar == "\n" || scalar == "\r" {
            let rest =
                scalar == "\n" ? "\n" : cursor.take { $0.isBlank || $0 == "\r" } + (cursor.next == "\n" ? "\n" : "")
            if rest.hasSuffix("\n") {
                cursor.take { $0.isBlank || $0 == "\n" || $0 == "\r" }
                return nil
            }
        }
        throw SyntaxProblem("this means nothing behind a backslash", at: position)
    }

    // MARK: - what stands between

    private mutating func skipBlanks() { cursor.take(while: \.isBlank) }

    /// Blanks, ends of lines and comments.
    private mutating func skipLines() {
        while true {
            cursor.take { $0.isBlank || $0 == "\n" || $0 == "\r" }
            guard cursor.next == "#" else { return }
            cursor.take { $0 != "\n" }
        }
    }

    private mutating func skipToStatement() -> Bool {
        skipLines()
        return cursor.next != nil
    }

    private mutating func expect(_ scalar: Unicode.Scalar) throws(SyntaxProblem) {
        skipBlanks()
        guard cursor.next == scalar else {
            throw SyntaxProblem("expected '\(scalar)'", at: cursor.position)
        }
        cursor.take()
    }
}

extension TraefikNode {
    /// Makes the table of a head, or one more of its list.
    fileprivate mutating func open(
        _ path: ArraySlice<String>, isOfList: Bool, at position: SourcePosition
    ) throws(SyntaxProblem) {
        try descend(path.dropLast(), at: position) { table throws(SyntaxProblem) in
            guard let key = path.last, case .mapping(var members) = table.content else { return }
            let fresh = TraefikNode(.mapping([]), at: position)
            if let index = members.firstIndex(where: { $0.key == key }) {
                switch members[index].value.content {
                case .list(let elements) where isOfList && elements.allSatisfy(\.isMapping):
                    members[index].value.content = .list(elements + [fresh])
                case .mapping where !isOfList: break
                default: throw SyntaxProblem("\(key.quoted) is there already as something else", at: position)
                }
            } else {
                let value = isOfList ? TraefikNode(.list([fresh]), at: position) : fresh
                members.append(Member(key, at: position, value))
            }
            table.content = .mapping(members)
        }
    }

    fileprivate mutating func store(
        _ value: TraefikNode, under path: ArraySlice<String>, in table: ArraySlice<String>, at position: SourcePosition
    ) throws(SyntaxProblem) {
        try descend(table + path.dropLast(), at: position) { node throws(SyntaxProblem) in
            guard let key = path.last, case .mapping(let members) = node.content else { return }
            guard !members.contains(where: { $0.key == key }) else {
                throw SyntaxProblem("the key \(key.quoted) is repeated; keep one of them", at: position)
            }
            node.content = .mapping(members + [Member(key, at: position, value)])
        }
    }

    /// Goes down a way of keys, of lists to their last member, and makes the tables that are missing.
    private mutating func descend(
        _ path: ArraySlice<String>, at position: SourcePosition,
        _ body: (inout TraefikNode) throws(SyntaxProblem) -> Void
    ) throws(SyntaxProblem) {
        guard let key = path.first else {
            guard isMapping else { throw SyntaxProblem("this is no table", at: position) }
            return try body(&self)
        }
        guard case .mapping(var members) = content else { throw SyntaxProblem("this is no table", at: position) }
        let index = members.firstIndex { $0.key == key } ?? members.count
        if index == members.count {
            members.append(Member(key, at: position, TraefikNode(.mapping([]), at: position)))
        }
        content = .nothing
        if case .list(var elements) = members[index].value.content, let last = elements.indices.last {
            try elements[last].descend(path.dropFirst(), at: position, body)
            members[index].value.content = .list(elements)
        } else {
            try members[index].value.descend(path.dropFirst(), at: position, body)
        }
        content = .mapping(members)
    }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }

    fileprivate var isBareKey: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }
}

extension String {
    /// An integer or a fraction; one with a base stands for no setting of Traefik.
    fileprivate var isNumberOfTOML: Bool {
        let digits = first == "+" || first == "-" ? dropFirst() : self[...]
        return digits.first?.isNumber == true
            && digits.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 || $0 == 95 }
    }
}
