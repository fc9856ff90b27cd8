import Postgres
import Tenancy
import TestSupport

/// Searches every column of every table in the database for planted words.
enum MarkerSearch {
    /// Where `marker` occurs, in any case: `table.column`.
    static func places(of marker: String, in tenants: Tenants) async throws -> Set<String> {
        let columns = try await tenants.owner.query(
            """
            SELECT c.table_name::text, c.column_name::text, c.data_type = 'bytea' FROM information_schema.columns c
            JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2
            """
        ).map { try $0.decode(String.self, String.self, Bool.self) }
        var places: Set<String> = []
        for (table, column, isBytes) in columns {
            let holder = PostgresQuery(unescaped: "\"\(table)\"")
            let value = PostgresQuery(
                unescaped: isBytes ? "encode(\"\(column)\", 'escape')" : "\"\(column)\"::text")
            let found = try await tenants.owner.query(
                "SELECT count(*) FROM \(holder) WHERE position(lower(\(marker)) in lower(\(value))) > 0"
            )[0].decode(Int.self)
            if found > 0 { places.insert("\(table).\(column)") }
        }
        return places
    }
}
