"""Opens sessions of ONNX Runtime that stay small. Each has one thread, because requests run in parallel. They keep no memory
pattern per input shape, because hardly any two inputs have the same shape."""

import pathlib


def open_session(path: pathlib.Path):
    import onnxruntime  # here, because it loads slowly and not every server diarizes

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
