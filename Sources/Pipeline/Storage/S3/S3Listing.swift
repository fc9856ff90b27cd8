import Postgres

/// One page of the answer to `ListObjectsV2`.
package struct S3Listing: Sendable {
    package struct Object: Sendable, Equatable {
        package let key: String
        package let changed: Timestamp
    }

    package let objects: [Object]
    /// Where the next page begins; nil after the last.
    package let next: String?

    /// Nil when the answer is not a whole listing: what broke off must not pass for a short one.
    package init?(_ bytes: [UInt8]) {
        guard let document = S3Document(bytes), document.root == "ListBucketResult" else { return nil }
        var objects: [Object] = []
        for element in document.children where element.name == "Contents" {
            guard let key = element["Key"], !key.isEmpty,
                let changed = element["LastModified"].flatMap(Timestamp.init(rfc3339:))
            else { return nil }
            objects.append(Object(key: key, changed: changed))
        }
        self.objects = objects
        switch document.values("IsTruncated").first {
        case "true":
            guard let token = document.values("NextContinuationToken").first, !token.isEmpty else { return nil }
            next = token
        case "false", nil: next = nil
        default: return nil
        }
    }
}
