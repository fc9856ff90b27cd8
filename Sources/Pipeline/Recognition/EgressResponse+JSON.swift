import Egress
import Foundation

extension EgressResponse {
    /// Returns the decoded JSON body.
    ///
    /// - Throws: ``ModelServerError`` with status 502, a temporary error, if the body isn't as expected.
    func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(body))
        } catch {
            throw ModelServerError(status: 502)
        }
    }
}
