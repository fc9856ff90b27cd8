import TestSupport
import Testing

/// Commands that are called wrongly, or without a database.
@Suite struct WrongCallTests {
    private static let wrongCalls: [(arguments: [String], status: Int32)] = [
        (["tenant", "create", "--name", "x"], 64),
        (["tenant", "create", "--name", "x", "--plan", "gold"], 1),
        (["tenant", "create", "--name", "", "--plan", "free"], 64),
        (["nonsense"], 64),
        (["key", "issue", "--tenant", "x", "--name", "y"], 64),
        (["key", "issue", "--tenant", "ten_01M838NEQVMJ0RCZR3A9GJMFEQ", "--name", "y"], 1),
    ]

    @Test func `a wrong call says so and ends with its status`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            for (arguments, status) in Self.wrongCalls {
                let result = try await Operator.call(arguments, url: database.url)
                #expect(result.status == status, "\(arguments)")
                #expect(!result.errors.isEmpty, "\(arguments)")
                #expect(result.output.isEmpty, "\(arguments)")
            }
        }
    }

    @Test func `without a database, commands say what to set or what failed`() async throws {
        let unset = try await Operator.call(["tenant", "list"], url: nil)
        #expect(unset.status == 1)
        #expect(unset.errors.contains("VERBATIM_DATABASE_URL is not set"))
        let gone = try await Operator.call(["tenant", "list"], url: "postgresql://nobody@/none?host=/nowhere")
        #expect(gone.status == 1)
        #expect(!gone.errors.contains("nobody"))
    }
}
