import Foundation
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// What a killed worker leaves is removed, and nothing of one that lives.
@Suite struct FetchFolderTests {
    private static func abandon(_ name: String, below parent: TemporaryFolder) throws {
        let path = parent.path + "/" + name
        try FileManager.default.createDirectory(atPath: path + "/deep", withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/deep/a.mp3.part"))
    }

    private static func names(_ folder: TemporaryFolder) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    }

    @Test func `one that nobody holds is removed, whatever process its name tells of`() throws {
        let parent = try TemporaryFolder()
        defer { parent.remove() }
        // Process 1 is there in every container, and this one is there too.
        for name in ["fetch-1-abcdef", "fetch-\(getpid())-abcdef", "fetch-abcdef", "other"] {
            try Self.abandon(name, below: parent)
        }
        try Data().write(to: URL(fileURLWithPath: parent.path + "/fetch-file"))
        FetchFolder.removeAbandoned(below: parent.path)
        #expect(try Self.names(parent) == ["other", "fetch-file"])
    }

    @Test func `one that somebody holds stays until it is let go`() throws {
        let parent = try TemporaryFolder()
        defer { parent.remove() }
        var folder: FetchFolder? = try FetchFolder(below: parent.path)
        let path = try #require(folder?.path)
        try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/a.mp3.part"))
        FetchFolder.removeAbandoned(below: parent.path)
        #expect(FileManager.default.fileExists(atPath: path + "/a.mp3.part"))
        folder = nil
        #expect(try Self.names(parent).isEmpty)
    }

    @Test func `making some while others are removed loses none`() async throws {
        let parent = try TemporaryFolder()
        defer { parent.remove() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let folder = try FetchFolder(below: parent.path)
                        try Data().write(to: URL(fileURLWithPath: folder.path + "/own"))
                        FetchFolder.removeAbandoned(below: parent.path)
                        #expect(FileManager.default.fileExists(atPath: folder.path + "/own"))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try Self.names(parent).isEmpty)
    }

    @Test func `a worker that looks behind a page removes what others left meanwhile`() async throws {
        try await FetchScene.run(["/page": .text("<html>")]) { scene async throws in
            try Self.abandon("fetch-left", below: scene.folder)
            _ = try await scene.failure("/page")
            #expect(try !Self.names(scene.folder).contains("fetch-left"))
        }
    }
}
