/// The part of yt-dlp's last error message that may be logged: the name of the extractor, and those words that are common in error messages.
///
/// A message may contain the URL, an id, a title, a name, or any response of a site: quoted or not, in any language, anywhere. Customers' text
/// cannot be recognized by its form. So everything in quotes is removed. Of the rest, only the words of a fixed list and an HTTP status stay.
/// Everything else becomes one `*`, however long it is. Of a customer's text, only words of that list could remain.
package struct YtDlpLogText: Sendable, Equatable {
    /// yt-dlp's name of the extractor; nil if the message is not an extractor's.
    package let extractor: String?
    package let sentence: String

    private static let longest = 30
    private static let closing: [Character: Character] = [
        "\"": "\"", "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“",
    ]
    private static let aroundWords: Set<Character> = [
        "(", ")", "[", "]", "{", "}", "<", ">", ".", ",", ":", ";", "!", "?",
    ]

    /// - Parameter errors: everything that yt-dlp wrote to standard error. Its last message counts, or Python's if there is none.
    package init(_ errors: String) {
        let lines = errors.split { $0 == "\n" || $0 == "\r\n" }
        let mark = "ERROR: "
        var line = lines.last { $0.hasPrefix(mark) }?.dropFirst(mark.count) ?? lines.last ?? ""
        extractor = Self.extractor(beginning: line)
        if extractor != nil { line = line.drop { $0 != "]" }.dropFirst() }
        // The rest is the same in every message.
        if let end = line.firstRange(of: "; please report") { line = line[..<end.lowerBound] }
        var words: [Substring] = []
        for token in Self.unquoted(line).split(whereSeparator: \.isWhitespace) where words.count < Self.longest {
            guard let word = Self.word(token, after: words.last), word != "*" || words.last != "*" else { continue }
            words.append(word)
        }
        sentence = words.joined(separator: " ")
    }

    /// Returns the name of the extractor in `[youtube:tab] …`, which comes from yt-dlp's code.
    private static func extractor(beginning line: Substring) -> String? {
        guard line.first == "[", let end = line.firstIndex(of: "]") else { return nil }
        let name = line[..<end].dropFirst()
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_:.+-".contains($0)) }
        return isName && (1...64).contains(name.count) ? String(name) : nil
    }

    /// Replaces everything in quotes with `*`. A quote that is not closed extends to the end.
    private static func unquoted(_ line: Substring) -> String {
        var text = ""
        var end: Character?
        var previous: Character = " "
        for character in line {
            if end != nil {
                if character == end { end = nil }
            } else if let opened = closing[character], !(character == "'" && previous.isLetter) {
                end = opened
                text += " * "
            } else {
                text.append(character)
            }
            previous = character
        }
        return text
    }

    /// Returns a word as it is logged; nil if there is no word in `token`.
    private static func word(_ token: Substring, after last: Substring?) -> Substring? {
        var core = token
        while let first = core.first, aroundWords.contains(first) { core.removeFirst() }
        while let last = core.last, aroundWords.contains(last) { core.removeLast() }
        if core.isEmpty { return nil }
        let word = core.lowercased()
        if vocabulary.contains(word) { return Substring(word) }
        let isStatus = word.utf8.count == 3 && Int(word).map { (100...599).contains($0) } == true
        return isStatus && (last == "error" || last == "httperror") ? Substring(word) : "*"
    }

    /// Words of yt-dlp's messages and Python's errors that say nothing about anybody.
    private static let vocabulary = Set(
        """
        a an and are as at be been but by can cannot can't could did do does doesn't for found from got has have in is isn't it its may \
        must no none not of on only or requires should so such that the their there this to too unable was wasn't were with yet you your
        account api authenticated authentication available bot bytes captcha caused certificate challenge client code connection \
        content cookie cookies country data dash decode decrypt drm download downloaded downloading embed empty error exception \
        expected expired extract extracting extraction extractor failed failure file find format formats fragment fragments get \
        handshake hls host html http https id impersonate impersonation info initial instead invalid javascript json key \
        line live location log logged login manifest match media member members message metadata missing name nsig object occurred \
        offline opening option page parse passcode password payment player playlist premium private provided proxy purchase \
        read region registered removed rent reported request requested require required resolve response restricted retry \
        runtime server session sign signature site solve ssl status stream streaming subscribe subscriber subscribers \
        subscription supported temporarily timed timeout tls token traceback try unauthorized unavailable unexpected unknown \
        unsupported unviewable url urls use user username usage verify version video videos webpage while xml yt-dlp
        assertionerror attributeerror certificateverifyerror downloaderror extractorerror httperror importerror incompleteread \
        indexerror jsondecodeerror keyerror memoryerror modulenotfounderror nameerror notimplementederror oserror parseerror \
        permissionerror proxyerror recursionerror regexnotfounderror sslerror syntaxerror transporterror typeerror \
        unicodedecodeerror unicodeencodeerror unsupportedrequest valueerror zerodivisionerror
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
