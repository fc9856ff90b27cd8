import MediaTool
import Pipeline
import Testing

@Suite struct RefusalReasonTests {
    @Test func `the service knows every reason that the media tool gives`() {
        let known = Set(InvalidAudioReason.allCases.map(\.rawValue))
        #expect(Set(Refusal.Reason.allCases.map(\.rawValue)) == known.subtracting(["duration_exceeds_limit"]))
    }
}
