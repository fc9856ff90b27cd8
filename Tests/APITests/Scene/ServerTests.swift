import Testing

/// Tests with a complete server run one after the other: one measures memory, many wait for the server's timers.
@Suite(.serialized) enum ServerTests {}
