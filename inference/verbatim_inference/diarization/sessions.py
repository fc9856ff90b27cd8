"""Sessions of ONNX Runtime that stay small: one thread each, since requests run in parallel, and no plan of memory kept
for each shape of input, since no two are alike."""

import pathlib


def open_session(path: pathlib.Path):
    import onnxruntime  # here: slow to load, and not every server diarizes

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
