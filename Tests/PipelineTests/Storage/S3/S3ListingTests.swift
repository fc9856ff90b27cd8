import Pipeline
import Postgres
import TestSupport
import Testing

@Suite struct S3ListingTests {
    private static let page = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><KeyCount>2</KeyCount>
        <IsTruncated>true</IsTruncated><Contents><Key>a&amp;b &lt;1&gt;</Key><LastModified>2026-11-23T01:02:03.000Z</LastModified>
        <ETag>&quot;x&quot;</ETag><Owner><ID>1</ID></Owner></Contents><Contents><LastModified>2026-11-23T01:02:04Z</LastModified>
        <Key>c</Key></Contents><NextContinuationToken>t/+=</NextContinuationToken></ListBucketResult>
        """

    @Test func `a page names its objects, and where the next begins`() throws {
        let listing = try #require(S3Listing(Array(Self.page.utf8)))
        #expect(listing.objects.map(\.key) == ["a&b <1>", "c"])
        #expect(listing.objects.map(\.changed.rfc3339) == ["2026-11-23T01:02:03.000Z", "2026-11-23T01:02:04.000Z"])
        #expect(listing.next == "t/+=")
        let last = Self.page.replacing("<IsTruncated>true", with: "<IsTruncated>false")
        #expect(try #require(S3Listing(Array(last.utf8))).next == nil)
    }

    @Test func `a page that breaks off anywhere is none`() {
        let bytes = Array(Self.page.utf8)
        for length in 0..<bytes.count { #expect(S3Listing(Array(bytes[..<length])) == nil, "\(length)") }
    }

    @Test(arguments: [
        "<Error><Code>SlowDown</Code></Error>", "<html></html>", "", "{}",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>perhaps</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><LastModified>2026-11-23T01:02:03Z</LastModified></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><LastModified>soon</LastModified></Contents></ListBucketResult>",
        "<ListBucketResult></ListBucketResult><ListBucketResult></ListBucketResult>",
        "<ListBucketResult></Other>",
    ])
    func `what is no listing is none`(_ text: String) { #expect(S3Listing(Array(text.utf8)) == nil) }

    @Test func `entities are not followed, and depth and number are bounded`() {
        let bomb =
            "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><ListBucketResult><Contents><Key>&b;</Key><LastModified>2026-11-23T01:02:03Z</LastModified></Contents></ListBucketResult>"
        #expect(S3Listing(Array(bomb.utf8))?.objects.map(\.key) == ["&b;"])
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(S3Listing(Array("<ListBucketResult>\(deep)".utf8)) == nil)
        let wide = String(repeating: "<a/>", count: 100_000)
        #expect(S3Listing(Array("<ListBucketResult>\(wide)</ListBucketResult>".utf8)) == nil)
    }

    @Test func `random bytes and random damage end in an answer`() {
        var generator = SeededGenerator(seed: 11)
        let alphabet = Array("<>/=\"'&;!-[]? aKeyContentsListBucketResult".utf8)
        for _ in 0..<2000 {
            _ = S3Listing(generator.bytes(Int(generator.next() % 400)))
            _ = S3Listing(generator.bytes(Int(generator.next() % 400), of: alphabet))
            var bytes = Array(Self.page.utf8)
            for _ in 0..<3 { bytes[Int(generator.next() % UInt64(bytes.count))] = generator.bytes(1)[0] }
            _ = S3Listing(bytes)
        }
    }
}
