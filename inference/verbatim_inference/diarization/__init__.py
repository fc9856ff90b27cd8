"""Diarization: who speaks when.

A long file is worked on in sections. `/v1/audio/speaker-tracks` turns one section into tracks: the turns of one voice
over a short while, with a vector that describes the voice. `/v1/speakers` takes the tracks of all sections and says
which are one speaker. So memory does not grow with the file, and a crash costs one section.

`tracks` has the shapes, `carried` the pipeline over the models that the project carries (`segmentation`, `features`,
`embedding`, `resolution`), `library` the one over pyannote.audio where that is installed, `clustering` the second
step, `wire` the JSON."""
