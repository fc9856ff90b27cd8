import Postgres
import Tenancy
import Testing

@Suite struct IdentifierTests {
    @Test func `ids made later sort after ids made earlier`() {
        let ids = (0..<50).map { TenantID(at: Timestamp(milliseconds: 1_700_000_000_000 + $0 * 7)).rawValue }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test func `an id reads back from its text`() throws {
        let id = TenantID()
        #expect(try #require(TenantID(rawValue: id.rawValue)) == id)
    }

    @Test(arguments: [
        "", "ten_", "job_01M838NEQVMJ0RCZR3A9GJMFEQ", "ten_01M838NEQVMJ0RCZR3A9GJMFE",
        "ten_01M838NEQVMJ0RCZR3A9GJMFEQQ",
        "ten_01m838neqvmj0rczr3a9gjmfeq", "ten_01M838NEQVMJ0RCZR3A9GJMFE\u{0}", "ten_01M838NEQVMJ0RCZR3A9GJMFÉ",
        "ten_01M838NEQVMJ0RCZR3A9GJMFEI", "' OR 1=1 --",
    ])
    func `what is no id is none`(text: String) {
        #expect(TenantID(rawValue: text) == nil)
    }

    @Test func `a ULID begins with its time`() {
        // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
        #expect(ULID(at: Timestamp(milliseconds: 1_469_918_176_385)).description.hasPrefix("01ARYZ6S41"))
    }
}
