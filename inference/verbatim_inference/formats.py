"""Renders the result of `recognition.recognize` in each `response_format` of OpenAI's route."""

from starlette.responses import JSONResponse, PlainTextResponse, Response


def json(answer: dict) -> Response:
    return JSONResponse({"text": answer["text"]})


def verbose_json(answer: dict) -> Response:
    return JSONResponse(answer)


def text(answer: dict) -> Response:
    return PlainTextResponse(answer["text"] + "\n")


def srt(answer: dict) -> Response:
    cues = [f"{number}\n{_cue(segment, ',')}\n" for number, segment in enumerate(answer["segments"], 1)]
    return PlainTextResponse("\n".join(cues), media_type="application/x-subrip")


def vtt(answer: dict) -> Response:
    cues = [f"\n{_cue(segment, '.')}\n" for segment in answer["segments"]]
    return PlainTextResponse("WEBVTT\n" + "".join(cues), media_type="text/vtt")


def _cue(segment: dict, point: str) -> str:
    words = segment["text"].strip().replace("-->", "->")
    return f"{_time(segment['start'], point)} --> {_time(segment['end'], point)}\n{words}"


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


FORMATS = {"json": json, "text": text, "srt": srt, "vtt": vtt, "verbose_json": verbose_json}
