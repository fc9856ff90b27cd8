import Postgres

/// Keeps the key that signs provenance records, and the public halves of all of them, for a minute. One load runs at a time; callers meanwhile get its
/// result. So strangers who read the public keys cost no query.
package actor ProvenanceKeys {
    private struct Loaded: Sendable {
        let signing: ProvenanceKey
        let published: [JSONWebKey]
        let at: ContinuousClock.Instant
    }

    private static let validity = Duration.seconds(60)

    private let databases: Databases
    private let masterKey: MasterKey
    private var loaded: Loaded?
    private var loading: Task<Loaded, any Error>?

    package init(databases: Databases, masterKey: MasterKey) {
        self.databases = databases
        self.masterKey = masterKey
    }

    /// Returns the key that signs. After a rotation, the one before may sign for a minute more.
    package func signing() async throws -> ProvenanceKey { try await current().signing }

    /// Returns the public halves of all keys that ever signed.
    package func published() async throws -> [JSONWebKey] { try await current().published }

    private func current() async throws -> Loaded {
        if let loaded, loaded.at.duration(to: .now) < Self.validity { return loaded }
        if let loading { return try await loading.value }
        let (databases, masterKey) = (databases, masterKey)
        let task = Task {
            try await databases.system.transaction { transaction in
                Loaded(
                    signing: try ProvenanceKey.loadOrCreate(masterKey: masterKey, in: transaction),
                    published: try ProvenanceKey.published(in: transaction), at: .now)
            }
        }
        loading = task
        defer { loading = nil }
        do {
            let found = try await task.value
            loaded = found
            return found
        } catch {
            // Nothing that was published is ever taken back, so the old ones are better than none.
            guard let loaded else { throw error }
            return loaded
        }
    }
}
