import Postgres

/// Keeps the ring of signing keys as the database last told it. One look at a time; who asks meanwhile gets its answer too.
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

    /// The ring after a new look, when the last one is a second old: strangers must not make us ask without end.
    func afterAnotherLook() async throws -> SigningKeyRing {
        if loading == nil, let ring, clock() - loadedAt < .seconds(1) { return ring }
        return try await reload()
    }

    /// Looks again. When that fails the ring stays as it was.
    @discardableResult
    func reload() async throws -> SigningKeyRing {
        if let loading { return try await loading.value }
        let now = clock()
        loadedAt = now
        let (databases, masterKey) = (databases, masterKey)
        let task = Task {
            try await SigningKeyRing(
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
