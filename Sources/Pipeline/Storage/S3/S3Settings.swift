import Egress
import Foundation
import Logging
import Settings

/// The settings of an object store: `VERBATIM_STORAGE=s3://bucket/prefix`, and the variables that AWS's own tools read.
package struct S3Settings: Sendable {
    package let bucket: S3Bucket
    package let credentials: CredentialSource
    /// A PEM file with the certificate authorities to trust; nil for the system's.
    let certificateAuthorities: String?

    /// Reads the settings. Nil if something is wrong; all errors are reported, without values.
    package static func read(_ reader: SettingsReader, url: String) -> S3Settings? {
        let bucket = bucket(reader, url: url)
        let credentials = CredentialSource.read(reader, region: bucket?.region ?? "us-east-1")
        let authorities = reader.string("AWS_CA_BUNDLE")
        if let authorities, !FileManager.default.isReadableFile(atPath: authorities) {
            reader.report("AWS_CA_BUNDLE names a file that cannot be read")
        }
        guard let bucket, let credentials else { return nil }
        return S3Settings(bucket: bucket, credentials: credentials, certificateAuthorities: authorities)
    }

    private static func bucket(_ reader: SettingsReader, url: String) -> S3Bucket? {
        let parts = url.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        var prefix = parts.count > 1 ? String(parts[1]) : ""
        if prefix.hasSuffix("/") { prefix.removeLast() }
        let isSound = S3Bucket.isName(name) && (prefix.isEmpty || S3Bucket.isPrefix(prefix))
        if !isSound { reader.report("VERBATIM_STORAGE must be s3://bucket or s3://bucket/prefix") }
        let names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        let (named, endpoint) =
            names.lazy.compactMap { name in reader.string(name).map { (name, $0) } }.first ?? ("", nil)
        let region = region(reader, hasEndpoint: endpoint != nil)
        guard let bucket = S3Bucket(name: name, prefix: prefix, region: region ?? "", endpoint: endpoint) else {
            reader.report("\(named) must be an http or https URL without credentials or query")
            return nil
        }
        return isSound && region != nil ? bucket : nil
    }

    private static func region(_ reader: SettingsReader, hasEndpoint: Bool) -> String? {
        guard let region = reader.string("AWS_REGION") ?? reader.string("AWS_DEFAULT_REGION") else {
            // The default region of other stores.
            if hasEndpoint { return "us-east-1" }
            reader.report("AWS_REGION is not set: the region of VERBATIM_STORAGE's bucket, such as eu-central-1")
            return nil
        }
        guard region.wholeMatch(of: /[a-z0-9][a-z0-9\-]{0,62}/) != nil else {
            reader.report("AWS_REGION must be a region's name, such as eu-central-1")
            return nil
        }
        return region
    }

    /// - Parameters:
    ///   - scratch: local space for copies and downloads. The folder must exist when they begin.
    ///   - concurrency: how many calls are made at a time.
    package func open(scratch: ScratchSpace, concurrency: Int = 64, logger: Logger) -> S3Storage {
        // A separate client, so that a slow disk does not hold up requests to engines.
        let client = EgressClient(
            configuration: EgressConfiguration(
                maxConcurrent: concurrency, certificateAuthorities: certificateAuthorities), logger: logger)
        return S3Storage(
            client: S3Client(
                bucket: bucket, credentials: S3CredentialProvider(credentials, client: client, logger: logger),
                client: client, logger: logger),
            scratch: scratch)
    }
}
