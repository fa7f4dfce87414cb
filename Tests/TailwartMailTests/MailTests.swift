import Testing

/// Real mail servers behind the edge and real clients in front of it, as Debian ships them; `scripts/setup.sh test` installs them.
///
/// One after another: each test starts several servers, and two at a time would only slow each other down.
@Suite(.serialized) enum MailTests {}
