import API
import Addresses
import Egress
import Foundation
import Pipeline
import Testing

/// The fields of `POST /jobs` that change the words.
@Suite struct WordOptionTests {
    private static func options(_ members: String) throws -> WordOptions {
        let body = #"{"source_url":"https://example.org/a.mp3",\#(members)}"#
        return try URLSubmission(Array(body.utf8), policy: AddressPolicy()).options.words
    }

    @Test func `they are read, in a JSON body and in a form alike`() throws {
        let terms = #"["Kubernetes"," Cooper  Union ","naïve, indeed"]"#
        let replacements = #"[{"from":["cooper netties","Cooper nettis"],"to":"Kubernetes"}]"#
        let redact = #"["email","card_number","email"]"#
        let asked = try Self.options(#""key_terms":\#(terms),"replacements":\#(replacements),"redact":\#(redact)"#)
        #expect(asked.keyTerms == ["Kubernetes", "Cooper Union", "naïve, indeed"])
        #expect(
            asked.replacements == [WordReplacement(from: ["cooper netties", "Cooper nettis"], to: "Kubernetes")])
        #expect(asked.redact == [.cardNumber, .email])
        let form = try JobOptions(
            fields: ["key_terms": terms, "replacements": replacements, "redact": redact])
        #expect(form.words == asked)
        #expect(try Self.options(#""key_terms":null,"redact":[],"replacements":[]"#).isEmpty)
    }

    @Test func `a recording may change between languages, any or these`() throws {
        let body = #"{"source_url":"https://example.org/a.mp3","language":"MULTI","languages":["en","DE"]}"#
        let options = try URLSubmission(Array(body.utf8), policy: AddressPolicy()).options
        #expect(options.language == .mixed && options.words.languages == ["en", "de"])
        #expect(try Self.options(#""language":"multi""#).languages == [])
    }

    @Test func `as many are taken as is said, and no more`() throws {
        func terms(_ count: Int) -> String { (0..<count).map { #""\#($0)""# }.joined(separator: ",") }
        #expect(try Self.options(#""key_terms":[\#(terms(200))]"#).keyTerms.count == 200)
        let error = #expect(throws: APIError.self) { try Self.options(#""key_terms":[\#(terms(201))]"#) }
        #expect(error?.details["field"] == .text("key_terms"))
        let long = String(repeating: "é", count: 100)
        #expect(try Self.options(#""key_terms":["\#(long)"]"#).keyTerms == [long])
    }

    @Test(
        arguments: [
            (#""key_terms":"Kubernetes""#, "key_terms"), (#""key_terms":[7]"#, "key_terms"),
            (#""key_terms":{}"#, "key_terms"), (#""key_terms":[["a"]]"#, "key_terms"),
            (#""key_terms":[""]"#, "key_terms[0]"), (#""key_terms":["a","  "]"#, "key_terms[1]"),
            (#""key_terms":["a b c d e f g"]"#, "key_terms[0]"),
            (#""key_terms":["a\nb"]"#, "key_terms[0]"),
            (#""key_terms":["a\u0000"]"#, "key_terms"), (#""key_terms":["a\u2028b"]"#, "key_terms[0]"),
            (#""key_terms":["\#(String(repeating: "a", count: 101))"]"#, "key_terms[0]"),
            (#""replacements":[{"from":[],"to":"a"}]"#, "replacements[0].from"),
            (#""replacements":[{"from":"a","to":"a"}]"#, "replacements"),
            (#""replacements":[{"from":["a"]}]"#, "replacements"),
            (#""replacements":[{"from":["a"],"to":""}]"#, "replacements[0].to"),
            (#""replacements":[{"from":["a","b c d e f g h"],"to":"x"}]"#, "replacements[0].from[1]"),
            (#""replacements":[{"from":["a"],"to":"1 2 3 4 5 6 7 8 9 10 11 12 13"}]"#, "replacements[0].to"),
            (#""replacements":["a"]"#, "replacements"),
            (#""replacements":[{"from":["a"],"to":"b","case":true}]"#, "replacements"),
            (#""redact":["card"]"#, "redact[0]"),
            (#""redact":["email",null]"#, "redact"), (#""redact":"email""#, "redact"),
            (#""languages":[]"#, "languages"),
            (#""language":"multi","languages":["en","en"]"#, "languages"),
            (#""language":"multi","languages":["en","xx"]"#, "languages[1]"),
            (#""language":"multi","languages":["en","auto"]"#, "languages[1]"),
        ])
    func `what is wrong is told with its place`(members: String, field: String) throws {
        let error = try #require(#expect(throws: APIError.self) { try Self.options(members) })
        #expect(error.code == .invalidRequest)
        #expect(error.details["field"] == .text(field), "\(members)")
    }

    @Test(arguments: ["[", "[]]", "[\"a\",]", "['a']", "", "null", "a,b", "[\"\u{1}\"]", "[\"\\ud800\"]"])
    func `a form's field that is no JSON array is refused`(text: String) throws {
        let error = try #require(#expect(throws: APIError.self) { try JobOptions(fields: ["key_terms": text]) })
        #expect(error.details["field"] == .text("key_terms"), "\(text)")
    }
}
