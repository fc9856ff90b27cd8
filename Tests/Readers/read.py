"""Reads transcripts with other people's programs: `read.py vtt|srt|docx FILE...` prints a JSON array, a value a file.

Whatever one of the programs refuses, or a rule of the format that a file breaks, ends this with exit status 1.
"""

import html
import json
import posixpath
import sys
import zipfile

import docx
import openxml_audit
import srt
import webvtt
from lxml import etree

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"


def milliseconds(delta):
    return round(delta.total_seconds() * 1000)


def read_vtt(path):
    """The cues, in order; `strict` refuses what a lenient player would skip."""
    return [
        {
            "start": cue.start_time.in_milliseconds(),
            "end": cue.end_time.in_milliseconds(),
            "voice": cue.voice,
            "lines": [html.unescape(line) for line in cue.text.split("\n")],
        }
        for cue in webvtt.WebVTT.read(path, strict=True)
    ]


def read_srt(path):
    with open(path, encoding="utf-8", newline="") as file:
        cues = list(srt.parse(file.read()))
    if [cue.index for cue in cues] != list(range(1, len(cues) + 1)):
        raise ValueError(f"{path}: cues are not numbered from 1")
    return [
        {
            "start": milliseconds(cue.start),
            "end": milliseconds(cue.end),
            "voice": None,
            "lines": cue.content.split("\n"),
        }
        for cue in cues
    ]


def check_package(path):
    """Every part is XML that parses, has a type of its own, and every relationship leads to a part; none is left over."""
    with zipfile.ZipFile(path) as package:
        damaged = package.testzip()
        if damaged is not None:
            raise ValueError(f"{path}: {damaged} is damaged")
        parts = {name: etree.fromstring(package.read(name)) for name in package.namelist()}
    if list(parts)[0] != "[Content_Types].xml":
        raise ValueError(f"{path}: the list of types is not the first entry")
    types = {entry.get("PartName") for entry in parts["[Content_Types].xml"].iter(TYPES + "Override")}
    reached = set()
    for name, root in parts.items():
        if not name.endswith(".rels"):
            continue
        # word/_rels/document.xml.rels tells of word/document.xml: targets are relative to word/.
        base = posixpath.dirname(posixpath.dirname(name))
        for relationship in root:
            reached.add(posixpath.normpath(posixpath.join(base, relationship.get("Target"))))
    contents = {name for name in parts if not name.endswith(".rels") and name != "[Content_Types].xml"}
    if reached != contents or types != {"/" + name for name in contents}:
        raise ValueError(f"{path}: parts {sorted(contents)}, reached {sorted(reached)}, typed {sorted(types)}")


def check_rules(path, validator):
    """The rules of Microsoft's Open XML SDK: schemas, order of elements, references between parts."""
    # That there be a theme and a table of fonts is this program's own wish; by the standard both may be absent.
    wishes = [f"'{RELATIONSHIPS}/{part}' is missing" for part in ("theme", "fontTable")]
    faults = [str(error) for error in validator.validate(path).errors]
    faults = [fault for fault in faults if not any(wish in fault for wish in wishes)]
    if faults:
        raise ValueError(f"{path}: " + "; ".join(faults))


def read_turn(paragraph):
    """Speaker and time on the first line, the words after it."""
    runs = {"Speaker": "", "Time": "", "Default Paragraph Font": ""}
    for run in paragraph.runs:
        runs[run.style.name] += run.text
    words = [run for run in paragraph.runs if run.style.name == "Default Paragraph Font"]
    return {
        "speaker": runs["Speaker"].rstrip(" ") or None,
        "time": runs["Time"].removesuffix("\n"),
        "text": runs["Default Paragraph Font"],
        "rightToLeft": paragraph._p.pPr.find(WORD + "bidi") is not None,
        "wordsRightToLeft": all(run.font.rtl is True for run in words),
    }


def read_docx(path, validator=openxml_audit.OpenXmlValidator()):
    check_package(path)
    check_rules(path, validator)
    document = docx.Document(path)
    by_style = {}
    for paragraph in document.paragraphs:
        by_style.setdefault(paragraph.style.name, []).append(paragraph)
    language = document.styles.element.find(f"{WORD}docDefaults/{WORD}rPrDefault/{WORD}rPr/{WORD}lang")
    return {
        "title": "\n".join(paragraph.text for paragraph in by_style.pop("Title")),
        "titleProperty": document.core_properties.title,
        "languageProperty": document.core_properties.language,
        "languages": {} if language is None else {name.removeprefix(WORD): tag for name, tag in language.items()},
        "facts": [paragraph.text.split("\t") for paragraph in by_style.pop("Fact")],
        "turns": [read_turn(paragraph) for paragraph in by_style.pop("Turn", [])],
        "others": [paragraph.text for paragraphs in by_style.values() for paragraph in paragraphs],
    }


READERS = {"vtt": read_vtt, "srt": read_srt, "docx": read_docx}

if __name__ == "__main__":
    json.dump([READERS[sys.argv[1]](path) for path in sys.argv[2:]], sys.stdout)
