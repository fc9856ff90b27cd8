"""The same application on Ray Serve: `serve run verbatim_inference.ray_app:app`, with PYTHONPATH=inference.

Ray is the operator's to install, beside requirements.txt, on the cluster's image. The model is taken from
VERBATIM_WHISPER_MODEL; GPUs, replicas and autoscaling from the deployment's own configuration. A replica whose model
cannot be loaded ends, and Ray says so."""

import os

try:
    from ray import serve
except ImportError as error:
    raise ImportError(
        "Ray is not installed here: pip install 'ray[serve]', or start inference/serve instead"
    ) from error

from . import logs, options
from .app import create_app


def _end(reason: str) -> None:
    logs.event("model_failed", "error", reason=reason)
    os._exit(1)


@serve.deployment
@serve.ingress(create_app(options.from_environment(), _end))
class Inference:
    pass


app = Inference.bind()
