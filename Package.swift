// swift-tools-version: 6.2
import PackageDescription

// Every Swift target of ours: Swift 6 mode, and no warning survives.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "verbatim",
    products: [
        .executable(name: "verbatim", targets: ["API"]),
        .executable(name: "verbatim-admin", targets: ["AdminCLI"]),
        .executable(name: "verbatim-media", targets: ["MediaTool"]),
    ],
    dependencies: [
        // Without its configuration trait: settings are read by our own `Settings`.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ],
    targets: [
        // Support: what knows nothing of transcription.
        .systemLibrary(
            name: "CPostgres", path: "Sources/Support/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CArgon2", path: "Sources/Support/CArgon2", pkgConfig: "libargon2",
            providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(
            name: "CCurlSystem", path: "Sources/Support/CCurlSystem", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CCurl", dependencies: ["CCurlSystem"], path: "Sources/Support/CCurl"),
        .systemLibrary(
            name: "COpenSSLSystem", path: "Sources/Support/COpenSSLSystem", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]),
        .target(name: "COpenSSL", dependencies: ["COpenSSLSystem"], path: "Sources/Support/COpenSSL"),
        .systemLibrary(
            name: "CAVSystem", path: "Sources/Support/CAVSystem",
            pkgConfig: "libavformat libavcodec libavutil libswresample",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswresample-dev"])]),
        .target(name: "CAV", dependencies: ["CAVSystem"], path: "Sources/Support/CAV"),
        .systemLibrary(name: "CProcess", path: "Sources/Support/CProcess"),
        .target(
            name: "Concurrency", dependencies: ["CProcess"], path: "Sources/Support/Concurrency", swiftSettings: strict),
        .target(name: "Files", dependencies: ["CProcess"], path: "Sources/Support/Files", swiftSettings: strict),
        .target(name: "JSON", path: "Sources/Support/JSON", swiftSettings: strict),
        .target(
            name: "Cryptography", dependencies: ["COpenSSL"], path: "Sources/Support/Cryptography",
            swiftSettings: strict),
        .target(
            name: "Postgres", dependencies: ["CPostgres", "Concurrency", logging], path: "Sources/Support/Postgres",
            swiftSettings: strict),
        .target(name: "Addresses", path: "Sources/Support/Addresses", swiftSettings: strict),
        .target(
            name: "Egress", dependencies: ["Addresses", "CCurl", "Concurrency", logging],
            path: "Sources/Support/Egress",
            swiftSettings: strict),
        .target(
            name: "Settings", dependencies: ["CProcess"], path: "Sources/Support/Settings", swiftSettings: strict),

        .target(
            name: "Terminal", dependencies: ["Settings", argumentParser], path: "Sources/Support/Terminal",
            swiftSettings: strict),

        // The rooms.
        .target(
            name: "Tenancy",
            dependencies: ["Postgres", "Addresses", "Cryptography", "Concurrency", "JSON", "CArgon2", logging],
            swiftSettings: strict),
        .target(name: "Billing", dependencies: ["Tenancy", "Postgres", "JSON"], swiftSettings: strict),
        .target(
            name: "Pipeline",
            dependencies: [
                "Billing", "Tenancy", "Postgres", "Addresses", "Egress", "Cryptography", "Settings", "Concurrency",
                "Files",
                "JSON", logging, lifecycle, subprocess,
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["MediaTool"], swiftSettings: strict),
        .executableTarget(
            name: "MediaTool", dependencies: ["CAV", "JSON"], path: "Sources/Pipeline/MediaTool", swiftSettings: strict),
        .executableTarget(
            name: "API",
            dependencies: [
                "Pipeline", "Billing", "Tenancy", "Postgres", "Addresses", "Egress", "Cryptography", "Settings",
                "Files", "Terminal",
                "Concurrency", "JSON", argumentParser, logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "AdminCLI",
            dependencies: [
                "Pipeline", "Billing", "Tenancy", "Postgres", "Addresses", "Egress", "Settings", "Terminal", "Files",
                "JSON",
                argumentParser, logging,
            ],
            swiftSettings: strict),

        // All three executables: what scripts/setup builds.
        .target(name: "Executables", dependencies: ["API", "AdminCLI", "MediaTool"], swiftSettings: strict),

        // What scripts/bench runs.
        .executableTarget(
            name: "FormatsBench", dependencies: ["Pipeline"], path: "benchmarks/Formats", swiftSettings: strict),
        .executableTarget(
            name: "QueueBench", dependencies: ["Pipeline", "Postgres", "Tenancy", logging], path: "benchmarks/Queue",
            swiftSettings: strict),

        // Tests: one target per module, in folders like the module's, and whole journeys through the real executables. Pipeline's tests
        // are several targets, so that a change compiles only some of them again.
        .target(
            name: "TestSupport", dependencies: ["Tenancy", "Postgres", "Settings", logging, subprocess],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"], swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: strict),
        .testTarget(
            name: "TenancyTests",
            dependencies: ["Tenancy", "Postgres", "Cryptography", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(
            name: "BillingTests", dependencies: ["Billing", "Tenancy", "Postgres", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Pipeline", "Billing", "Tenancy", "Postgres", "Egress", "TestSupport", "MediaSimulator", lifecycle,
                logging,
            ],
            exclude: ["Audio", "MediaTool", "Recognition", "Sources", "Storage", "Transcripts", "Webhooks"],
            swiftSettings: strict),
        .target(
            name: "MediaSimulator", dependencies: ["TestSupport"], path: "Tests/MediaSimulator", swiftSettings: strict),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "Pipeline", "Addresses", "Billing", "Egress", "Settings", "TestSupport", "MediaSimulator", logging,
            ],
            path: "Tests/PipelineTests/Sources", exclude: ["Plugins"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Pipeline", "Egress", "Settings", "Tenancy", "Postgres", "TestSupport", "MediaSimulator", logging,
            ],
            path: "Tests/PipelineTests/Storage", swiftSettings: strict),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport", logging], swiftSettings: strict),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Pipeline", "Tenancy", "Addresses", "Egress", "JSON", "TestSupport", "MediaSimulator", logging,
                lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "WebhookReceiver", dependencies: ["TestSupport"], path: "Tests/WebhookReceiver", swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookTests",
            dependencies: [
                "Pipeline", "Tenancy", "Postgres", "Addresses", "Egress", "TestSupport", "WebhookReceiver",
                "MediaSimulator",
                lifecycle, logging,
            ],
            path: "Tests/PipelineTests/Webhooks", swiftSettings: strict),
        .executableTarget(
            name: "EgressProbe", dependencies: ["Egress", logging], path: "Tests/EgressProbe", swiftSettings: strict),
        .testTarget(
            name: "EgressTests",
            dependencies: ["Addresses", "Egress", "EgressProbe", "MediaSimulator", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(
            name: "MediaTests",
            dependencies: [
                "Pipeline", "Tenancy", "MediaTool", "TestSupport", logging, subprocess,
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/PipelineTests", exclude: ["Sources", "Transcripts"], sources: ["Audio", "MediaTool"],
            swiftSettings: strict),
        // What strangers send, mutated: some of it in each run of the tests, and as much as wanted with scripts/fuzz.
        .target(
            name: "Fuzzing",
            dependencies: [
                "API", "Pipeline", "Tenancy", "Postgres", "Cryptography", "Addresses", "Egress", "JSON", "Files",
                "MediaTool",
                "CAV", "TestSupport", logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            path: "Tests/Fuzzing", exclude: ["Finds", "Seeds"], swiftSettings: strict),
        .testTarget(
            name: "FuzzingTests", dependencies: ["Fuzzing", "API", "MediaTool", "TestSupport"], swiftSettings: strict),
        .target(
            name: "AssemblyAISimulator",
            dependencies: [
                logging, lifecycle, .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/AssemblyAISimulator", swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Pipeline", "Tenancy", "Egress", "Postgres", "TestSupport", "AssemblyAISimulator", logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/PipelineTests/Recognition", swiftSettings: strict),
        .testTarget(
            name: "JourneyTests",
            dependencies: [
                "Pipeline", "Billing", "Tenancy", "Postgres", "Egress", "TestSupport", "AssemblyAISimulator",
                "MediaSimulator", "WebhookReceiver", "API", "AdminCLI", "MediaTool", logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TranscriptTests", dependencies: ["Pipeline", "Cryptography", "TestSupport"],
            path: "Tests/PipelineTests/Transcripts", exclude: ["Formats/Golden", "Redaction/Sentences"],
            swiftSettings: strict),
    ]
)
