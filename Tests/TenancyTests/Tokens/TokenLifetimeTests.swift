import Tenancy
import Testing

@Suite struct TokenLifetimeTests {
    @Test func `what is remembered outlasts the tokens that it is remembered for`() {
        let lifetime = Duration.seconds(AccessTokens.lifetimeSeconds)
        // Two nodes' clocks may be a minute off, each in its own direction.
        #expect(EndedSessions.memory >= lifetime + .seconds(120))
        #expect(SigningKeyRecord.tail > EndedSessions.memory)
        #expect(SessionSweep.memory > EndedSessions.memory + EndedSessions.overlap)
        #expect(SigningKeyRecord.noticePeriod > .seconds(AccessTokens.keySetCacheSeconds))
    }
}
