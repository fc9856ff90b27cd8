// The roles, grants and policies of a database, each as the statement that creates it.

/// A table with rows of tenants.
struct TenantTable: Sendable {
    let name: String
    /// The column with the tenant's id.
    let tenantColumn: String
}

extension PostgresTransaction {
    /// Returns every table with a `tenant_id`, and `tenants` itself, by name.
    func tenantTables() throws -> [TenantTable] {
        try all(
            """
            SELECT c.relname::text, a.attname::text FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
                AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"
            """, as: String.self, String.self
        ).map { TenantTable(name: $0.0, tenantColumn: $0.1) }
    }

    /// Returns the rights of `roles`, of the tables' owners and of PUBLIC, in an order in which the statements can be executed: roles, row-level
    /// security, grants, policies. A policy of a table's owner names it CURRENT_USER.
    func rights(of roles: [String]) throws -> [String] {
        try all(
            """
            WITH ours AS (SELECT oid, rolname FROM pg_roles WHERE rolname = ANY(\(roles))),
            objects AS (
                SELECT oid, relname, relowner, relacl, relrowsecurity, relforcerowsecurity,
                    format('%s %I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname) AS name
                FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')),
            grants AS (
                SELECT name, '' AS columns, a.grantee, a.privilege_type FROM objects CROSS JOIN aclexplode(relacl) a
                UNION ALL
                SELECT name, format(' (%I)', t.attname), a.grantee, a.privilege_type
                FROM objects o JOIN pg_attribute t ON t.attrelid = o.oid AND NOT t.attisdropped
                CROSS JOIN aclexplode(t.attacl) a),
            rights AS (
                SELECT 1 AS step, format('CREATE ROLE %I NOLOGIN', rolname) AS line FROM ours
                UNION ALL
                SELECT 2, format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relname) FROM objects WHERE relrowsecurity
                UNION ALL
                SELECT 2, format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', relname) FROM objects
                WHERE relforcerowsecurity
                UNION ALL
                SELECT 3, format('GRANT USAGE ON SCHEMA public TO %I', rolname) FROM ours
                WHERE has_schema_privilege(oid, 'public', 'USAGE')
                UNION ALL
                SELECT 3, format('GRANT %s%s ON %s TO %s', privilege_type, columns, name,
                    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(rolname) END)
                FROM grants LEFT JOIN ours ON ours.oid = grantee WHERE grantee = 0 OR rolname IS NOT NULL
                UNION ALL
                SELECT 4, format('CREATE POLICY %I ON %I AS %s FOR %s TO %s', polname, relname,
                        CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                        CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                            ELSE 'ALL' END,
                        CASE WHEN polroles = ARRAY[relowner] THEN 'CURRENT_USER' ELSE (
                            SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname) FROM pg_roles
                            WHERE oid = ANY(polroles)) END)
                    || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
                    || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
                FROM pg_policy JOIN objects o ON o.oid = polrelid
                WHERE relowner = ANY(polroles) OR polroles && ARRAY(SELECT oid FROM ours))
            SELECT line FROM rights ORDER BY step, line COLLATE "C"
            """, as: String.self)
    }

    /// Creates the role if it is missing, and makes this user a member that may SET ROLE to it. If this user owns the schema, grants the role
    /// the use of it, even if PUBLIC has the same right.
    func makeRole(_ name: String) throws {
        // Roles belong to the whole cluster, so a migration of another database may be creating them now. Since PostgreSQL 16, whoever creates a
        // role becomes its member, but may not SET ROLE to it without the SET option.
        _ = try script(
            """
            DO $$
            DECLARE
                name text := '\(name)';
            BEGIN
                BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
                    END IF;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    NULL;
                END;
                IF current_setting('server_version_num')::int >= 160000 THEN
                    IF NOT pg_has_role(current_user, name, 'SET') THEN
                        EXECUTE format('GRANT %I TO %I WITH SET TRUE', name, current_user);
                    END IF;
                ELSIF NOT pg_has_role(current_user, name, 'MEMBER') THEN
                    EXECUTE format('GRANT %I TO %I', name, current_user);
                END IF;
                IF (SELECT pg_has_role(current_user, nspowner, 'USAGE') AND NOT EXISTS (
                    SELECT FROM aclexplode(nspacl) a WHERE a.grantee = to_regrole(quote_ident(name)) AND a.privilege_type = 'USAGE')
                    FROM pg_namespace WHERE nspname = 'public') THEN
                    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
                END IF;
            END
            $$
            """)
    }

    /// Executes one of those statements. Replaces a different policy with the same name.
    func make(right line: String) throws {
        let words = line.split(separator: " ")
        guard words.starts(with: ["CREATE", "POLICY"]), words.count > 4 else {
            try execute(PostgresQuery(unescaped: line))
            return
        }
        let (policy, table) = (words[2], words[4])
        try execute("DROP POLICY IF EXISTS \(unescaped: String(policy)) ON \(unescaped: String(table))")
        let owner = try first(
            "SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = \(String(table))::regclass",
            as: String.self)
        // The user who repairs may be a member of the owner instead of the owner.
        try execute(
            PostgresQuery(
                unescaped: line.replacing(
                    " TO CURRENT_USER ", with: " TO \(owner ?? "CURRENT_USER") ", maxReplacements: 1))
        )
    }
}
