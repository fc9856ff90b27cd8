import Foundation
import TestSupport

/// The output of `verbatim-admin doctor --json`.
struct DoctorReport: Decodable {
    struct Check: Decodable {
        let check, state, message: String
    }

    let ok: Bool
    let checks: [Check]

    init(_ result: Command.Result) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(result.output.utf8))
    }

    func state(_ check: String) -> String? { checks.first { $0.check == check }?.state }
    func message(_ check: String) -> String { checks.first { $0.check == check }?.message ?? "" }
    var failed: [String] { checks.filter { $0.state == "fail" }.map(\.check) }
}
