import CYAML
package import TailwartWire

/// What libyaml finds in a text, one event after the other.
package struct YAMLEvents: ~Copyable {
    package enum Content: Equatable {
        /// - Parameter isPlain: without quotes and not a block.
        case scalar(String, isPlain: Bool)
        case sequence, sequenceEnd
        case mapping, mappingEnd
        case alias(String)
        case document, documentEnd
        case end
    }

    package struct Event {
        package let content: Content
        package let position: TextPosition
        package let anchor: String?
        /// One that the file gives and that is not the one that the value has anyway.
        package let tag: String?
    }

    /// Why there is no further event, in libyaml's words.
    package struct Fault: Error {
        package let problem: String
        package let position: TextPosition
        package let context: (text: String, line: Int)?
    }

    /// Some versions of libyaml have this limit themselves. The work for each token grows with its depth.
    private static let depthLimit = 1000

    /// Where each collection begins that is open, as far as it is within the limit.
    private var open: [TextPosition] = []
    /// On the heap: libyaml keeps pointers into it.
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// - Parameter text: UTF-8, which must outlive this.
    package init(reading text: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        // Only without memory; what follows then reports it.
        if yaml_parser_initialize(parser) != 0 {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, text.baseAddress, text.count)
        }
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    package mutating func next() throws(Fault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) != 0 else { throw fault }
        defer { yaml_event_delete(&event) }
        // The beginning of the stream says nothing.
        if event.type == YAML_STREAM_START_EVENT { return try next() }
        let next = Event(event)
        switch next.content {
        case .sequence, .mapping: open.append(next.position)
        case .sequenceEnd, .mappingEnd: open.removeLast()
        default: break
        }
        guard open.count <= Self.depthLimit else {
            // Below the document and the value of a key: where the nesting begins is where somebody has to look.
            throw Fault(
                problem: "Maximum nesting level reached, set with yaml_set_max_nest_level())", position: open[2],
                context: ("while parsing", open[2].line))
        }
        return next
    }

    private var fault: Fault {
        let parser = parser.pointee
        return Fault(
            problem: parser.problem.map { String(cString: $0) } ?? "out of memory",
            position: TextPosition(parser.problem_mark),
            context: parser.context.map { (String(cString: $0), TextPosition(parser.context_mark).line) })
    }
}

extension YAMLEvents.Event {
    init(_ event: yaml_event_t) {
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        var tag: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            content = .scalar(String(decoding: text, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            anchor = scalar.anchor
            tag = scalar.quoted_implicit == 0 ? scalar.tag : nil
        case YAML_SEQUENCE_START_EVENT:
            content = .sequence
            anchor = event.data.sequence_start.anchor
            tag = event.data.sequence_start.tag
        case YAML_MAPPING_START_EVENT:
            content = .mapping
            anchor = event.data.mapping_start.anchor
            tag = event.data.mapping_start.tag
        case YAML_ALIAS_EVENT:
            content = .alias(event.data.alias.anchor.map { String(cString: $0) } ?? "")
        case YAML_SEQUENCE_END_EVENT: content = .sequenceEnd
        case YAML_MAPPING_END_EVENT: content = .mappingEnd
        case YAML_DOCUMENT_START_EVENT: content = .document
        case YAML_DOCUMENT_END_EVENT: content = .documentEnd
        default: content = .end
        }
        position = TextPosition(event.start_mark)
        self.anchor = anchor.map { String(cString: $0) }
        let usual = ["", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"]
        self.tag = tag.map { String(cString: $0) }.flatMap { usual.contains($0) ? nil : $0 }
    }
}

extension TextPosition {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
