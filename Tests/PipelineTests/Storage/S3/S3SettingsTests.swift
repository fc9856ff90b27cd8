import Foundation
import Pipeline
import Settings
import TestSupport
import Testing

@Suite struct S3SettingsTests {
    private static let key = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"]

    /// The setting, and all that is said about its faults.
    private static func read(_ storage: String, _ more: [String: String] = key) -> (StorageSetting?, String) {
        let reader = SettingsReader(environment: more.merging(["VERBATIM_STORAGE": storage]) { $1 })
        let setting = StorageSetting.read(reader)
        do {
            try reader.finish()
            return (setting, "")
        } catch {
            return (setting, "\(error)")
        }
    }

    private static func bucket(_ storage: String, _ more: [String: String]) throws -> S3Bucket {
        let (setting, faults) = read(storage, key.merging(more) { $1 })
        guard case .bucket(let settings) = setting else {
            Issue.record("\(faults)")
            throw CocoaError(.coderValueNotFound)
        }
        #expect(faults.isEmpty)
        return settings.bucket
    }

    @Test func `a bucket of AWS stands in the host, where a certificate can cover it`() throws {
        let plain = try Self.bucket("s3://recordings/a/b/", ["AWS_REGION": "eu-central-1"])
        #expect(plain.scheme == "https" && plain.host == "recordings.s3.eu-central-1.amazonaws.com")
        #expect(plain.basePath == "/" && plain.prefix == "a/b")
        let dotted = try Self.bucket("s3://my.recordings", ["AWS_DEFAULT_REGION": "cn-north-1"])
        #expect(dotted.host == "s3.cn-north-1.amazonaws.com.cn" && dotted.basePath == "/my.recordings/")
        #expect(dotted.prefix.isEmpty)
    }

    @Test func `a bucket of another store stands in the path`() throws {
        let local = try Self.bucket("s3://recordings", ["AWS_ENDPOINT_URL": "HTTP://Minio.example:9000/"])
        #expect(local.scheme == "http" && local.host == "minio.example:9000" && local.basePath == "/recordings/")
        #expect(local.region == "us-east-1")
        let both = try Self.bucket(
            "s3://recordings",
            [
                "AWS_ENDPOINT_URL": "https://other.example", "AWS_ENDPOINT_URL_S3": "https://gate.example:443/s3/api",
                "AWS_REGION": "auto",
            ])
        #expect(both.host == "gate.example" && both.basePath == "/s3/api/recordings/" && both.region == "auto")
        #expect(try Self.bucket("s3://recordings", ["AWS_ENDPOINT_URL": "http://[::1]:9000"]).host == "[::1]:9000")
    }

    @Test func `the secret may come by file`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Data("hunter2\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/secret"))
        let (setting, faults) = Self.read(
            "s3://recordings",
            [
                "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY_FILE": folder.path + "/secret",
                "AWS_REGION": "eu-central-1",
            ])
        #expect(setting != nil && faults.isEmpty)
        #expect(!"\(String(describing: setting))".contains("hunter2"))
        var shown = ""
        dump(setting, to: &shown)
        #expect(!shown.contains("hunter2"))
    }

    @Test func `all faults are told at once, without values`() {
        let (setting, faults) = Self.read(
            "s3://Bad_Bucket/../x", ["AWS_ENDPOINT_URL_S3": "https://me:hunter2@x", "AWS_SESSION_TOKEN": "hunter2\nx"])
        #expect(setting == nil)
        for name in [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3",
            "VERBATIM_STORAGE must",
        ] {
            #expect(faults.contains(name), "\(name): \(faults)")
        }
        #expect(!faults.contains("hunter2"))
        #expect(Self.read("s3://recordings").1.contains("AWS_REGION is not set"))
        #expect(
            Self.read("s3://recordings", Self.key.merging(["AWS_REGION": "eu/../x"]) { $1 }).1.contains("AWS_REGION"))
    }

    @Test(arguments: [
        "s3://", "s3://ab", "s3:///x", "s3://bucket//x", "s3://bucket/./x", "s3://bucket/a/../b", "s3://-bucket",
        "s3://bucket/\u{7}", "s3://bucket/" + String(repeating: "x", count: 257), "s4://bucket", "s3:bucket",
    ])
    func `what names no bucket is refused`(_ text: String) {
        let (setting, faults) = Self.read(text, Self.key.merging(["AWS_REGION": "eu-central-1"]) { $1 })
        #expect(setting == nil && faults.contains("VERBATIM_STORAGE must be"))
    }

    @Test func `nothing of AWS is asked for where storage is a folder`() {
        let (setting, faults) = Self.read("file:///var/lib/verbatim/", [:])
        guard case .folder("/var/lib/verbatim") = setting else { return #expect(Bool(false), "\(faults)") }
        #expect(faults.isEmpty)
    }
}
