import API
import NIOCore
import TestSupport

/// `MultipartParser`: the parts of an upload form.
///
/// However the bytes are cut, the parts are the same. A part's bytes are what stood between its headers and the next boundary. The number of
/// parts and the size of their headers are limited.
struct MultipartTarget: FuzzTarget {
    let longest = 24_576
    let seeds = [
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\nbytes\r\n--b\r\nContent-Disposition: form-data; name=language\r\n\r\nen\r\n--b--\r\n",
        "preamble\r\n--b \t\r\nContent-Disposition: form-data; name=\"x\"; filename*=UTF-8''na%C3%AFve.mp3\r\n\r\n\r\n--b\r\n\r\n--b--epilogue",
        "--b\r\ncontent-disposition:form-data;name=a\r\ncontent-transfer-encoding: binary\r\n\r\n\r\n--bx\r\n--b-\r\n-\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\\\"b\"; filename=\"C:\\dir\\x;name=y\"\r\n\r\n\r\r\n\n--\r\n--b--",
    ].map { Array($0.utf8) }
    let dictionary = [
        "--b", "\r\n--b\r\n", "\r\n--b--", "--b--\r\n", "\r\n", "\r", "\n", "\r\n\r\n", "--", "-", " ", "\t", "\r\n--",
        "Content-Disposition: form-data; name=\"a\"\r\n\r\n", "name=", "name=\"", "filename=\"", "filename*=",
        "UTF-8''",
        "iso-8859-1''", "%C3%A9", "%", "%22", "\\\"", "\\", ";", "=", "\"", ":", "form-data", "attachment",
        "Content-Transfer-Encoding: base64", "Content-Disposition:", "\u{0}", "é", "name*=", "'",
    ]

    private static let boundary = "b"

    func check(_ input: [UInt8]) async throws -> String {
        var answer = ""
        for boundary in [Self.boundary, nil] {
            let whole = MultipartReading(input, boundary: boundary, cut: { $0 })
            var dice = SeededGenerator(seed: UInt64(input.count))
            let cuts: [(Int) -> Int] = [{ _ in 1 }, { _ in 7 }, { _ in 1 + Int(dice.next() % 40) }]
            for cut in cuts {
                let pieces = MultipartReading(input, boundary: boundary, cut: cut)
                try require(pieces == whole, "cut otherwise, the form reads as \(pieces), not as \(whole)")
            }
            try check(whole, against: input, boundary)
            answer += whole.outline
        }
        return answer
    }

    private func check(_ reading: MultipartReading, against input: [UInt8], _ boundary: String?) throws {
        try require(reading.parts.count <= MultipartParser.maximumParts, "there are \(reading.parts.count) parts")
        var rest = input[...]
        for part in reading.parts {
            try require(!part.name.isEmpty, "a part has no name")
            guard part.isComplete else { continue }
            // Found again in the order in which they were sent, each between an empty line and a boundary.
            let framed = Array("\r\n\r\n".utf8) + part.bytes + Array("\r\n--\(boundary ?? "")".utf8)
            guard let found = rest.firstRange(of: framed) else {
                throw FuzzFinding("the bytes of the part \(part.name) are not those that were sent")
            }
            rest = rest[found.upperBound...]
        }
        if reading.fault == nil {
            try require(reading.isEnded && reading.parts.allSatisfy(\.isComplete), "a form without an end is no error")
        }
    }
}

/// What a parser finds in a form.
struct MultipartReading: Equatable {
    struct Part: Equatable {
        let name: String
        let filename: String?
        var bytes: [UInt8] = []
        var isComplete = false
    }

    private(set) var parts: [Part] = []
    private(set) var isEnded = false
    private(set) var fault: MultipartError?

    /// Feeds the bytes in pieces of the lengths that `cut` gives for what is left.
    init(_ input: [UInt8], boundary: String?, cut: (Int) -> Int) {
        do throws(MultipartError) {
            var parser = try MultipartParser(boundary: boundary)
            var at = 0
            while at < input.count {
                let length = max(1, min(cut(input.count - at), input.count - at))
                parser.append(ByteBuffer(bytes: input[at..<(at + length)]))
                at += length
                while let event = try parser.next() { add(event) }
            }
            try parser.finish()
        } catch {
            fault = error
        }
    }

    private mutating func add(_ event: MultipartParser.Event) {
        switch event {
        case .part(let part): parts.append(Part(name: part.name, filename: part.filename))
        case .data(let bytes): parts[parts.count - 1].bytes += Array(bytes.readableBytesView)
        case .partEnd: parts[parts.count - 1].isComplete = true
        case .end: isEnded = true
        }
    }

    var outline: String {
        let fault = fault.map { "\($0)" } ?? "whole"
        let sizes = parts.prefix(6).map { part in
            "\(min(part.bytes.count, 3)),\(min(part.name.utf8.count, 3)),\(part.filename.map { min($0.utf8.count, 3) } ?? -1)"
        }
        return "\(fault) \(parts.count) \(sizes.joined(separator: ";"))/"
    }
}
