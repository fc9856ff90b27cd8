import Postgres

/// Whether a database user sees the rows of every account.
///
/// Row-level security gives no error if a user sees only some rows. The others are simply missing, and sums over them are 0. So commands about
/// all accounts check this first. What counts is what the user sees, not its name: the owner of the tables, its members, superusers and
/// readers with BYPASSRLS see everything.
package struct OperatorVisibility: Sendable, Equatable {
    /// The name of the connected user.
    package let user: String
    /// The tables with rows that this user does not see.
    package let hidden: [String]
    /// Who owns the tables; empty if there are none yet.
    package let owners: [String]
    /// Whether this user is each of the owners, or may act as it.
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
