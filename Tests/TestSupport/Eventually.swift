// For what announces itself nowhere: another process' end, a file's removal.

import Dispatch

package struct NeverHappened: Error {
    package let what: String
}

/// Waits until `condition` holds, looking twenty times a second, for at most `limit` seconds.
package func eventually(
    _ what: String, within limit: Double = 60, _ condition: () async throws -> Bool
) async throws {
    let start = DispatchTime.now()
    while try await !condition() {
        guard DispatchTime.now() < start + limit else { throw NeverHappened(what: what) }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { continuation.resume() }
        }
    }
}
