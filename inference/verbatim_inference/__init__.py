"""Verbatim's model server: speech recognition, speech detection, language detection and diarization over HTTP."""

VERSION = "0.1.0"
