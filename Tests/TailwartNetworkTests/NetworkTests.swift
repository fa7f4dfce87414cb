import Testing

/// The real program between networks of the test's own: internet – edge – tailnet – home, each a network namespace of Linux, which
/// only root can make.
///
/// One after another: each test starts many programs, and two at a time would only slow each other down.
@Suite(.serialized) struct NetworkTests {}
