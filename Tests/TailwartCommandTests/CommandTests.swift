import Testing

/// The binary itself, as a person or a service manager runs it.
///
/// One after another: each test starts programs, and two at a time would only slow each other down.
@Suite(.serialized) enum CommandTests {}
