import Postgres

extension DatabaseChecks {
    /// Whether the service's roles may do what it needs, and no more. Nothing if the schema is not current, which another check reports.
    func rights() async -> [Finding] {
        do {
            let migrator = try Migrator(directory: migrations)
            guard (try? await migrator.requireSchema(url: url, logger: logger))?.isEmpty == true else { return [] }
            let difference = try await migrator.rightsDifference(url: url, logger: logger)
            if let first = difference.missing.first {
                return [
                    .fail(
                        "rights",
                        "\(difference.missing.count) roles, grants and policies are missing, the first is '\(first)': run "
                            + "'verbatim-admin migrate' as the owner of the tables")
                ]
            }
            if let first = difference.surplus.first {
                return [
                    .warn(
                        "rights",
                        "the service's roles have \(difference.surplus.count) rights that it does not need, the first is '\(first)': "
                            + "revoke them")
                ]
            }
            return [.ok("rights", "all \(difference.wanted) grants and policies are there")]
        } catch {
            return [.fail("rights", "\(error)")]
        }
    }
}
