"""Parts Swift sources into code and what string literals hold."""

import re

PLAIN = re.compile(r'[^"#/()\n]+')
PLAIN_IN_STRING = re.compile(r'[^"#\\\n]+')
OPENING = re.compile(r'(#*)("""|")')
COMMENT = re.compile(r"/\*|\*/|\n")


class Source:
    """A Swift file: `code` is its text without comments, with nothing in its string literals but what they interpolate; `literals` are
    pairs of a line and a literal's text, in which each interpolation is a NUL. Lines keep their numbers."""

    def __init__(self, text):
        self.text = text
        self.line = 1
        self.parts = []
        self.literals = []
        self._code(0, inside=False)
        self.code = "".join(self.parts)

    def _newline(self):
        self.line += 1
        self.parts.append("\n")

    def _code(self, at, inside):
        """Reads code from `at` on; `inside` an interpolation, up to the parenthesis that ends it. Returns where it ends."""
        text, depth = self.text, 0
        while at < len(text):
            plain = PLAIN.match(text, at)
            if plain:
                self.parts.append(plain.group())
                at = plain.end()
                continue
            char = text[at]
            if char == "\n":
                self._newline()
            elif text.startswith("//", at):
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
                continue
            elif text.startswith("/*", at):
                at = self._comment(at + 2)
                continue
            elif opening := OPENING.match(text, at):
                at = self._string(opening.end(), opening.group(1), opening.group(2))
                continue
            elif inside and char == ")" and depth == 0:
                self.parts.append(" ")
                return at + 1
            else:
                depth += (char == "(") - (char == ")")
                self.parts.append(char)
            at += 1
        return at

    def _comment(self, at):
        depth = 1
        while depth and (mark := COMMENT.search(self.text, at)):
            at = mark.end()
            if mark.group() == "\n":
                self._newline()
            else:
                depth += 1 if mark.group() == "/*" else -1
        self.parts.append(" ")
        return len(self.text) if depth else at

    def _string(self, at, hashes, quotes):
        text, end, escape = self.text, quotes + hashes, "\\" + hashes
        begun, held = self.line, []
        self.parts.append('""')
        while at < len(text) and not text.startswith(end, at):
            plain = PLAIN_IN_STRING.match(text, at)
            if plain:
                held.append(plain.group())
                at = plain.end()
            elif text.startswith(escape + "(", at):
                held.append("\0")
                self.parts.append(" ")
                at = self._code(at + len(escape) + 1, inside=True)
            elif text.startswith(escape, at):
                at += len(escape)
                if text.startswith("\n", at):
                    self._newline()
                held.append(" ")
                at += 1
            else:
                if text[at] == "\n":
                    self._newline()
                held.append(text[at])
                at += 1
        self.literals.append((begun, "".join(held)))
        return at + len(end)
