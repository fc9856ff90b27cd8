// Nothing but a name for the three executables together, on which this target depends: `swift build` takes one target or
// product, and three calls one after the other would leave cores idle.
