import Pipeline
import Postgres
import Testing

/// The examples that AWS publishes ("Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk").
@Suite struct S3SignatureTests {
    private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static func proof(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], payload: String = nothing, token: String? = nil
    ) throws -> String {
        let fields = S3Signature.headers(
            method, host: "examplebucket.s3.amazonaws.com", path: path, query: query, headers: headers,
            payload: payload,
            credentials: S3Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                sessionToken: token),
            region: "us-east-1", at: try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z")))
        #expect(fields.contains { $0.name == "x-amz-date" && $0.value == "20130524T000000Z" })
        return try #require(fields.first { $0.name == "Authorization" }).value
    }

    @Test func `an object that is read in part`() throws {
        #expect(
            try Self.proof("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test func `an object that is written`() throws {
        let proof = try Self.proof(
            "PUT", S3Encoding.path("/test$file.text"),
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
        #expect(proof.hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test func `a query without a value, and one of two`() throws {
        #expect(
            try Self.proof("GET", "/", query: [("lifecycle", "")]).hasSuffix(
                "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
        #expect(
            try Self.proof("GET", "/", query: [("prefix", "J"), ("max-keys", "2")]).hasSuffix(
                "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    @Test func `a session's token is sent and signed`() throws {
        let (with, without) = (try Self.proof("GET", "/", token: "FQoGZXIvYXdzE"), try Self.proof("GET", "/"))
        #expect(with.contains("x-amz-date;x-amz-security-token,") && !without.contains("security-token"))
        #expect(with.suffix(64) != without.suffix(64))
    }

    @Test func `all but the unreserved characters is encoded, byte by byte`() {
        #expect(S3Encoding.path("a/b c+ü%~-_.") == "a/b%20c%2B%C3%BC%25~-_.")
        #expect(S3Encoding.query([("b", "/ "), ("a", "&="), ("A", "")]) == "A=&a=%26%3D&b=%2F%20")
    }
}
