import Settings
import Testing

@Suite struct SpellingTests {
    @Test(arguments: [
        ("tenent", "tenant"), ("tenat", "tenant"), ("tneant", "tenant"), ("tenants", "tenant"), ("TENANT", "tenant"),
        ("lst", "list"), ("cvs", "csv"), ("prp", "pro"), ("complete", "completed"), ("stat", "status"),
        ("ASSEMBLYAI_APIKEY", "ASSEMBLYAI_API_KEY"), ("LOGLEVEL", "LOG_LEVEL"),
    ])
    func `a slip leads to the word that was meant`(_ typed: String, _ meant: String) {
        let words = [
            "tenant", "list", "csv", "json", "pro", "free", "completed", "status", "show", "ASSEMBLYAI_API_KEY",
            "LOG_LEVEL",
        ]
        #expect(Spelling.nearest(to: typed, among: words) == meant)
    }

    @Test(arguments: ["", "x", "nonsense", "yes", "a", "tenantlistshow", "∞"])
    func `what is near nothing leads nowhere`(_ typed: String) {
        #expect(Spelling.nearest(to: typed, among: ["tenant", "list", "csv", "on", "off"]) == nil)
    }

    @Test func `a beginning leads to the only word that begins so`() {
        #expect(Spelling.nearest(to: "web", among: ["webhook", "webhook-secret"]) == nil)
        #expect(Spelling.nearest(to: "doct", among: ["webhook", "doctor"]) == "doctor")
        #expect(Spelling.nearest(to: "x", among: [String]()) == nil)
    }

    @Test func `long words cost no more than short ones`() {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(Spelling.nearest(to: long, among: ["tenant"]) == nil)
    }
}
