// Makes a `PostgresError` from libpq's results, without anything that can contain data.

import CPostgres

extension PostgresError {
    /// The error of a failed result. `lost`: whether the connection is lost, too.
    init(result: OpaquePointer?, lost: Bool) {
        let sqlState = Self.field(result, Int32(CPG_SQLSTATE))
        let primary = Self.field(result, Int32(CPG_MESSAGE_PRIMARY))
        self.init(
            kind: lost ? .connectionLost : .server,
            sqlState: sqlState,
            constraint: Self.field(result, Int32(CPG_CONSTRAINT_NAME)),
            table: Self.field(result, Int32(CPG_TABLE_NAME)),
            message: primary.map { Self.withoutValues($0, sqlState: sqlState) } ?? "the connection was lost")
        let function = Self.field(result, Int32(CPG_SOURCE_FUNCTION))
        isStalePlan = sqlState == "0A000" && function == "RevalidateCachedQuery"
    }

    private static func field(_ result: OpaquePointer?, _ code: Int32) -> String? {
        guard let result, let text = PQresultErrorField(result, code) else { return nil }
        return String(cString: text)
    }

    /// Errors of class 22 (data exception) quote the value in the primary message. Removes everything from the first to the last quote.
    private static func withoutValues(_ message: String, sqlState: String?) -> String {
        guard sqlState?.hasPrefix("22") == true, let first = message.firstIndex(of: "\""),
            let last = message.lastIndex(of: "\""), first < last
        else { return message }
        return message[...first] + "…" + message[last...]
    }
}
