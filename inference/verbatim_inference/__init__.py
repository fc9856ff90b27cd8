"""Verbatim's model server: speech recognition, speech activity and language detection over HTTP."""

VERSION = "0.1.0"
