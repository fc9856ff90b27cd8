"""The same application on Ray Serve: `serve run verbatim_inference.ray_app:app`, with PYTHONPATH=inference.

The operator installs Ray, in addition to requirements.txt, in the cluster's image. VERBATIM_WHISPER_MODEL names the model;
the deployment's own configuration sets GPUs, replicas and autoscaling. If a replica cannot load its model, it ends, and Ray
reports that."""

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
