"""Decodes an uploaded file to mono 16 kHz float samples of limited length.

16 kHz mono 16-bit WAV, which Verbatim itself sends, is read directly. Anything else goes through libav, which may neither
open other files or addresses (playlists!) nor use a demuxer that does. All errors are `APIError`s."""

import struct
from typing import BinaryIO

import numpy as np

from .errors import APIError

RATE = 16_000
_CONTAINERS = "aac,aiff,amr,asf,avi,caf,flac,matroska,webm,mov,mp4,mp3,mpegts,ogg,wav,w64"


def read(file: BinaryIO, max_seconds: int) -> np.ndarray:
    """Returns samples from -1 to 1. Raises `APIError`: 400 `invalid_audio` or `empty_audio`, 413 `audio_too_long`."""
    try:
        samples = _read_plain_wav(file, max_seconds * RATE)
        if samples is None:
            file.seek(0)
            samples = _decode(file, max_seconds * RATE)
    finally:
        file.close()
    if samples.size == 0:
        raise APIError(400, "empty_audio", "The file has no audio.")
    floats = samples.astype(np.float32)
    floats /= 32768.0  # in place, because hours of samples are large
    return floats


def _too_long() -> APIError:
    return APIError(413, "audio_too_long", "The audio is longer than this server accepts in one request.")


def _read_plain_wav(file: BinaryIO, limit: int) -> np.ndarray | None:
    """Returns the samples of a 16 kHz mono 16-bit PCM WAV; None for any other file. Stated sizes are only upper limits,
    because a file that was written to a pipe states 0xFFFFFFFF."""
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    is_plain = False
    while len(header := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", header)
        if kind == b"fmt ":
            if not 16 <= size <= 64:
                return None
            layout = struct.unpack("<HHIIHH", file.read(size + size % 2)[:16].ljust(16, b"\0"))
            is_plain = layout == (1, 1, RATE, RATE * 2, 2, 16)
        elif kind == b"data":
            if not is_plain:
                return None
            wanted = min(size, 2 * limit + 2)
            data = file.read(wanted) if wanted else b""
            samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")
            if samples.size > limit:
                raise _too_long()
            return samples
        else:
            file.seek(size + size % 2, 1)
    return None


def _decode(file: BinaryIO, limit: int) -> np.ndarray:
    import av  # here, because it loads slowly and is seldom needed
    from av.audio.resampler import AudioResampler

    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    blocks: list[np.ndarray] = []
    count = 0

    def take(frame) -> None:
        nonlocal count
        for resampled in resampler.resample(frame):
            blocks.append(resampled.to_ndarray().reshape(-1))
            count += blocks[-1].size
        if count > limit:
            raise _too_long()

    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    try:
        with av.open(file, mode="r", metadata_errors="ignore", options=options) as container:
            if not container.streams.audio:
                raise APIError(400, "invalid_audio", "The file has no audio stream.")
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:  # skip a damaged packet
                    continue
                for frame in frames:
                    frame.pts = None
                    take(frame)
            take(None)
    except (av.error.FFmpegError, ValueError) as error:
        if not count:
            raise APIError(400, "invalid_audio", "The file could not be decoded as audio.") from error
    return np.concatenate(blocks) if blocks else np.empty(0, dtype=np.int16)
