import Tenancy

/// A stranger's file name, made safe to show: the last path component, without the characters that no ``PlainName`` may contain, at most
/// 255 bytes of UTF-8, never empty.
package struct DisplayName {
    package let text: String

    package init(_ name: String?) {
        let last = (name ?? "").split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var text = PlainName.cleaned(String(last))
        if text.utf8.count > 255 {
            // Whole characters only: half an emoji is worse than one less.
            var kept = ""
            var bytes = 0
            for character in text {
                bytes += character.utf8.count
                if bytes > 255 { break }
                kept.append(character)
            }
            // The cut may have left a space at the end.
            text = PlainName.cleaned(kept)
        }
        self.text = ["", ".", ".."].contains(text) ? "upload" : text
    }
}
