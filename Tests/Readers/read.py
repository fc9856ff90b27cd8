"""Reads transcripts with other people's programs: `read.py FORMAT FILE...` prints a JSON array, a value a file.

Whatever one of the programs refuses, or a rule of the format that a file breaks, ends this with exit status 1.
"""

import csv
import html
import json
import posixpath
import re
import subprocess
import sys
import xml.etree.ElementTree
import zipfile

import docx
import markdown_it
import openxml_audit
import pysubs2
import srt
import ttconv.imsc.reader
import ttconv.model
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


def read_ttml(path):
    """The cues as ttconv's model of IMSC has them; the agents are metadata, which it drops, so these are from the XML."""
    document = ttconv.imsc.reader.to_model(xml.etree.ElementTree.parse(path))
    names = "{http://www.w3.org/ns/ttml}", "{http://www.w3.org/ns/ttml#metadata}", "{http://www.w3.org/XML/1998/namespace}"
    tt, ttm, xmlns = names
    root = etree.parse(path).getroot()
    voices = {agent.get(xmlns + "id"): agent.find(ttm + "name").text for agent in root.iter(ttm + "agent")}
    agents = [paragraph.get(ttm + "agent") for paragraph in root.iter(tt + "p")]
    paragraphs = [element for element in document.get_body().dfs_iterator() if isinstance(element, ttconv.model.P)]
    if len(agents) != len(paragraphs):
        raise ValueError(f"{path}: {len(agents)} cues, of which {len(paragraphs)} are understood")
    cues = []
    for agent, paragraph in zip(agents, paragraphs):
        if paragraph.get_region().get_id() != "bottom":
            raise ValueError(f"{path}: a cue has no region")
        text = ""
        for element in paragraph.dfs_iterator():
            if isinstance(element, ttconv.model.Br):
                text += "\n"
            elif isinstance(element, ttconv.model.Text):
                text += element.get_text()
        cues.append(
            {
                "start": round((paragraph.get_begin() or 0) * 1000),
                "end": round(paragraph.get_end() * 1000),
                "voice": None if agent is None else voices[agent],
                "lines": text.split("\n"),
            }
        )
    return cues


def shown_by_ffmpeg(path):
    """The cues that FFmpeg makes SubRip of, with what it means to be shown: no tags, and of the text nothing invisible."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:s", "-c:s", "srt", "-f", "srt", "-"]
    result = subprocess.run(command, capture_output=True, timeout=60, check=False, encoding="utf-8")
    if result.returncode != 0 or result.stderr:
        raise ValueError(f"{path}: {result.stderr}")
    return [
        {"start": milliseconds(cue.start), "end": milliseconds(cue.end), "text": re.sub("</?font[^>]*>", "", cue.content)}
        for cue in srt.parse(result.stdout)
    ]


def read_ass(path):
    """The events as pysubs2 reads them, beside what FFmpeg shows; every event has a style that the file declares."""
    file = pysubs2.load(path, encoding="utf-8", format_="ass")
    if any(event.type != "Dialogue" or event.style not in file.styles for event in file):
        raise ValueError(f"{path}: an event that is no dialogue, or without a style")
    cues = []
    for event in file:
        text = re.sub(r"\{\\k[0-9]+\}", "", event.text)
        text = text.replace("\uff5b", "{").replace("\uff5d", "}")
        lines = [line.replace("\\\u2060", "\\") for line in text.split("\\N")]
        times = [int(time) for time in re.findall(r"\{\\k([0-9]+)\}", event.text)]
        cue = {"start": event.start, "end": event.end, "voice": event.name or None, "lines": lines, "style": event.style}
        cues.append(cue | {"centiseconds": times})
    return {"cues": cues, "styles": list(file.styles), "shown": shown_by_ffmpeg(path)}


def read_lrc(path):
    """The lines as FFmpeg finds them, without times of words, which it does not know."""
    command = ["ffprobe", "-v", "error", "-show_packets", "-show_data", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, timeout=60, check=False, encoding="utf-8")
    if result.returncode != 0 or result.stderr:
        raise ValueError(f"{path}: {result.stderr}")
    lines = []
    for packet in json.loads(result.stdout)["packets"]:
        # "00000000: 5b30 3030 ...  [000..."
        dump = [line[10:49] for line in packet["data"].splitlines() if line]
        text = bytes.fromhex("".join(dump)).decode().removesuffix("\n")
        text = re.sub(r"<[0-9]+:[0-9]{2}\.[0-9]{2}>", "", text)
        start = int(packet["pts"]) // 1000
        lines.append({"start": start, "end": start, "text": text})
    return lines


def drawn_by_libass(path, rate=2, width=320, height=180):
    """Pictures at a steady rate: whether libass, by FFmpeg's filter, drew something on them."""
    seconds = pysubs2.load(path, encoding="utf-8", format_="ass")[-1].end // 1000 + 2
    picture = f"color=black:size={width}x{height}:rate={rate}:duration={seconds}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-vf", f"ass={path}", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    result = subprocess.run(command, capture_output=True, timeout=120, check=False)
    if result.returncode != 0 or result.stderr:
        raise ValueError(f"{path}: {result.stderr}")
    size = width * height
    frames = [result.stdout[start : start + size] for start in range(0, len(result.stdout), size)]
    return [{"time": index * 1000 // rate, "isDrawn": max(frame) > 128} for index, frame in enumerate(frames)]


def read_md(path):
    """The blocks as a CommonMark parser has them: each its kind and its text; markup other than bold and line ends is an error."""
    with open(path, encoding="utf-8", newline="") as file:
        parser = markdown_it.MarkdownIt("gfm-like")
        # It would make a link of "e.g.No", as GitHub doesn't.
        parser.linkify.set({"fuzzy_link": False})
        tokens = parser.parse(file.read())
    blocks = []
    is_fact = False
    for opening, token in zip(tokens, tokens[1:]):
        is_fact = (is_fact or opening.type == "list_item_open") and opening.type != "list_item_close"
        if token.type != "inline":
            continue
        text = ""
        for child in token.children:
            if child.type not in ("text", "strong_open", "strong_close", "text_special"):
                raise ValueError(f"{path}: {child.type} in {token.content}")
            text += child.content
        blocks.append({"kind": opening.type.removesuffix("_open"), "text": text, "bold": bold_text(token.children), "isFact": is_fact})
    kinds = {token.type for token in tokens}
    known = {"inline"} | {f"{k}_{end}" for k in ("heading", "paragraph", "bullet_list", "list_item") for end in ("open", "close")}
    if kinds - known:
        raise ValueError(f"{path}: {kinds - known}")
    return blocks


def bold_text(children):
    """What is bold; an empty text if nothing is."""
    depth = 0
    text = ""
    for child in children:
        depth += {"strong_open": 1, "strong_close": -1}.get(child.type, 0)
        if depth:
            text += child.content
    return text


def read_csv(path):
    """The rows with their names; every line ends as RFC 4180 has it."""
    with open(path, "rb") as file:
        if re.search(rb"(?<!\r)\n|\r(?!\n)", file.read()):
            raise ValueError(f"{path}: a line end that is not CRLF")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"{path}: rows of several lengths")
    return [dict(zip(rows[0], row)) for row in rows[1:]]


READERS = {
    "vtt": read_vtt,
    "srt": read_srt,
    "docx": read_docx,
    "ttml": read_ttml,
    "ass": read_ass,
    "ass-frames": drawn_by_libass,
    "lrc": read_lrc,
    "md": read_md,
    "csv": read_csv,
}

if __name__ == "__main__":
    json.dump([READERS[sys.argv[1]](path) for path in sys.argv[2:]], sys.stdout)
