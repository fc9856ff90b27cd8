"""Diarization: who speaks when.

A long file is diarized in sections. `/v1/audio/speaker-tracks` turns one section into tracks: the turns of one voice within
a short time, with a vector that describes the voice. `/v1/speakers` takes the tracks of all sections and decides which are
the same speaker. So memory does not grow with the file, and a crash costs one section.

`tracks` has the types. `carried` is the pipeline with the bundled models (`segmentation`, `features`, `embedding`,
`resolution`, `resegmentation`); `library` is the one of pyannote.audio, if that is installed. `clustering` is the second step, and `wire` the
JSON."""
