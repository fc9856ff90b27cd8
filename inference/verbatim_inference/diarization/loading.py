"""Chooses the diarization pipeline: the one that the operator named; else pyannote.audio's, if it is installed with its
weights; else the bundled one."""

import pathlib

from .. import logs
from ..model import ModelError
from ..options import Options
from .carried import Carried
from .library import DEFAULT, Library, LibraryError, is_installed

Diarizer = Carried | Library
_MODELS = pathlib.Path(__file__).resolve().parent.parent.parent / "models"


def load(options: Options) -> Diarizer:
    """Loads the pipeline. One log line says which, and why. Raises `ModelError` if the one that the operator named is not
    available."""
    choice = options.diarization_model
    if choice == "carried":
        return _chosen(Carried(_MODELS), "as chosen")
    if choice == "auto" and not is_installed():
        return _chosen(Carried(_MODELS), "pyannote.audio is not installed")
    try:
        return _chosen(Library(DEFAULT if choice in ("auto", "pyannote") else choice, options.device), "as chosen")
    except LibraryError as error:
        if choice == "auto":
            return _chosen(Carried(_MODELS), str(error))
        raise ModelError(f"diarization with {choice} is not possible: {error}") from error


def _chosen(diarizer: Diarizer, reason: str) -> Diarizer:
    logs.event("diarization", model=diarizer.model, reason=reason)
    return diarizer
