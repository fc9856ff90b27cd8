import Postgres

/// What a user of the database sees of all accounts.
///
/// Row-level security does not refuse who sees a part: the other rows are simply not there, and a sum over them is 0. So whoever is to
/// speak about every account asks first. It is decided by what the user sees, not by its name: the owner of the tables, a member of it, a
/// superuser and a reader with BYPASSRLS see everything.
package struct OperatorVisibility: Sendable, Equatable {
    /// Who is connected.
    package let user: String
    /// The tables of which this user does not see every row.
    package let hidden: [String]
    /// Who owns the tables; nobody where there are none yet.
    package let owners: [String]
    /// Whether this user is, or may act as, each of them.
    package let isOwner: Bool

    package static func current(in transaction: PostgresTransaction) throws -> OperatorVisibility {
        let user = try transaction.first("SELECT current_user::text", as: String.self) ?? ""
        let tables = try transaction.all(
            """
            SELECT c.relname::text, pg_get_userbyid(c.relowner)::text, pg_has_role(c.relowner, 'USAGE'),
                has_table_privilege(c.oid, 'SELECT') AND (NOT row_security_active(c.oid) OR EXISTS (
                    SELECT FROM pg_policy p
                    WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
                        AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                        AND EXISTS (
                            SELECT FROM unnest(p.polroles) role
                            WHERE CASE WHEN role = 0 THEN true ELSE pg_has_role(role, 'USAGE') END)))
            FROM pg_class c
            WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
            ORDER BY c.relname
            """, as: String.self, String.self, Bool.self, Bool.self)
        return OperatorVisibility(
            user: user, hidden: tables.filter { !$0.3 }.map(\.0), owners: Set(tables.map(\.1)).sorted(),
            isOwner: tables.allSatisfy(\.2))
    }

    package var seesEveryAccount: Bool { hidden.isEmpty }
}
