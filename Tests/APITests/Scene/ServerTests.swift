import Testing

/// What runs a whole server runs alone: one test measures memory, many wait for the server's clocks.
@Suite(.serialized) enum ServerTests {}
