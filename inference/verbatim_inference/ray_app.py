"""The application for Ray Serve: `verbatim_inference.ray_app:app` in `serve-cpu.yaml` and `serve-gpu.yaml`."""

try:
    from .cluster import deployments
except ImportError as error:
    raise ImportError("Ray is not installed here; run inference/ray-install, or start inference/serve instead") from error

app = deployments.build()
