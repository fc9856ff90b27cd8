import Pipeline
import Testing

/// How a node divides the descriptors that it may have.
@Suite struct OpenFilePlanTests {
    @Test(arguments: [(1, 1, 1), (2, 16, 2), (8, 64, 16), (64, 64, 64)])
    func `the parts fit into every limit that a node starts with, and grow with it`(
        slots: Int, fetches: Int, cores: Int
    ) {
        for (answers, works) in [(true, true), (true, false), (false, true)] {
            var last = 0
            for limit in stride(from: 64, through: 70_000, by: 61) {
                let plan = OpenFilePlan(
                    limit: limit, slots: slots, fetches: fetches, cores: cores, answers: answers, works: works)
                let measuring = OpenFilePlan(
                    limit: limit, slots: slots, fetches: fetches, cores: cores, answers: answers, works: works,
                    measures: true)
                #expect(measuring.least == plan.least + 2 * OpenFilePlan.scrapes)
                guard limit >= plan.least else { continue }
                let taken = plan.connections + 2 * plan.reserve + plan.uploads + plan.webhooks
                // The work itself, without its webhooks, is never less than this.
                #expect(taken + 160 + 3 * OpenFilePlan.databaseConnections(slots: slots) <= limit)
                if answers {
                    #expect(plan.connections >= 64 && plan.uploads >= 16 && plan.reserve >= 8)
                    #expect(plan.connections <= 4_096 && plan.uploads <= 512)
                } else {
                    #expect(plan.connections == 0 && plan.uploads == 0)
                }
                if works { #expect(plan.webhooks >= 16) }
                #expect(plan.connections >= last)
                last = plan.connections
            }
        }
    }

    @Test func `a node of two cores has all that it may with ten thousand, and starts with a thousand`() {
        let ample = OpenFilePlan(limit: 10_000, slots: 2, fetches: 16, cores: 2, answers: true, works: true)
        #expect(ample.isAmple && ample.webhooks == 256)
        let scarce = OpenFilePlan(limit: 1_024, slots: 2, fetches: 16, cores: 2, answers: true, works: true)
        #expect(scarce.least <= 1_024 && !scarce.isAmple)
        #expect(scarce.connections >= 256)
    }
}
