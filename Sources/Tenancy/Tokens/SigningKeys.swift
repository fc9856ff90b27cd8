import Postgres

/// Keeps the signing keys that were last loaded from the database. One load runs at a time; callers meanwhile get its result.
actor SigningKeys {
    private let databases: Databases
    private let masterKey: MasterKey
    private let clock: @Sendable () -> Timestamp
    private var ring: SigningKeyRing?
    private var loadedAt = Timestamp(milliseconds: 0)
    private var loading: Task<SigningKeyRing, any Error>?

    init(databases: Databases, masterKey: MasterKey, clock: @escaping @Sendable () -> Timestamp) {
        self.databases = databases
        self.masterKey = masterKey
        self.clock = clock
    }

    func current() async throws -> SigningKeyRing {
        if let ring { return ring }
        return try await reload()
    }

    /// Loads the keys again, at most once a second, so that strangers cannot cause many queries.
    func afterAnotherLook() async throws -> SigningKeyRing {
        if loading == nil, let ring, clock() - loadedAt < .seconds(1) { return ring }
        return try await reload()
    }

    /// Loads the keys again. If that fails, the loaded ones stay.
    @discardableResult
    func reload() async throws -> SigningKeyRing {
        if let loading { return try await loading.value }
        let now = clock()
        loadedAt = now
        let (databases, masterKey) = (databases, masterKey)
        let task = Task {
            SigningKeyRing(
                try await databases.system.transaction {
                    try SigningKey.loadOrCreate(masterKey: masterKey, at: now, in: $0)
                })
        }
        loading = task
        defer { loading = nil }
        let loaded = try await task.value
        ring = loaded
        return loaded
    }
}
