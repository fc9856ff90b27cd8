"""Decoding recordings to 16 kHz samples on one core: `verbatim-media` beside ffmpeg."""
