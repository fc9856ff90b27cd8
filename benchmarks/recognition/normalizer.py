"""The one normalizer: what counts as the same word when word errors are counted.

It is applied to references and to all contenders' answers alike:
1. Unicode NFKC, lower case, straight apostrophes;
2. numbers in digits become words (`1,250` → one thousand two hundred fifty, `3.5` → three point five), `%` percent;
3. whatever is neither letter nor digit nor an apostrophe inside a word separates words (`cold-hearted` is two);
4. one spelling for `mr`, `mrs`, `dr` and `ok`.
Nothing else is made equal: no fillers are dropped, no contractions resolved, no British spellings changed."""

import re
import unicodedata

_SPELLINGS = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay"}
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_LARGE = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))


def normalize(text: str) -> list[str]:
    """The words of `text` as they are compared."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).replace("%", " percent ")
    text = re.sub(r"\d+(\.\d+)?", lambda match: f" {_number(match[0])} ", text)
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text)
    return [_SPELLINGS.get(word, word) for word in words]


def _number(digits: str) -> str:
    whole, _, fraction = digits.partition(".")
    spelled = _whole(int(whole)) if len(whole) <= 12 else " ".join(_SMALL[int(digit)] for digit in whole)
    return " ".join([spelled, *(["point"] if fraction else []), *(_SMALL[int(digit)] for digit in fraction)])


def _whole(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    if number < 100:
        rest = f" {_SMALL[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + rest
    size, name = next((size, name) for size, name in _LARGE if number >= size)
    rest = f" {_whole(number % size)}" if number % size else ""
    return f"{_whole(number // size)} {name}{rest}"
