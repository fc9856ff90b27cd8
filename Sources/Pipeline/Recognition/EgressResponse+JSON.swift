import Egress
import Foundation

extension EgressResponse {
    /// The JSON body. Throws ``ModelServerError`` when it is not what was expected: a fault of the server, which may pass.
    func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(body))
        } catch {
            throw ModelServerError(status: 502)
        }
    }
}
