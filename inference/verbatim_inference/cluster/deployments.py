"""The deployments of the Ray Serve application, and what Ray needs to know of them.

`serve-cpu.yaml` and `serve-gpu.yaml` set replicas, autoscaling, queues and resources. What is set here is what must hold everywhere."""

import asyncio
import dataclasses
import time

from ray import serve
from ray.exceptions import RayActorError, TaskCancelledError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle
from starlette.applications import Starlette

from .. import logs, model, options
from ..app import application
from ..service import DIARIZER, RECOGNIZER, Service
from .call import Call, Reply, answer
from .ingress import Busy, Ingress, Lost, Unavailable
from .soundness import Soundness


class Replica:
    """One copy of the models that a part of the work needs. A replica that cannot load them fails to start; `serve status` shows why."""

    def __init__(self, *models: str) -> None:
        logs.install()
        chosen = _options()
        model.check(chosen)
        self._service = Service(chosen, frozenset(models))
        self._service.load()
        self._app = application(self._service)
        self._soundness = Soundness()

    async def answer(self, call: Call) -> Reply:
        status, headers, body = await answer(self._app, call)
        self._soundness.note(status)
        return Reply(status, headers, body, self._service.facts())

    def check_health(self) -> None:
        self._soundness.check()


@serve.ingress()
class IngressReplica:
    _PATIENCE = 60.0
    """Seconds. A new ingress beside busy replicas should not report that models are loading."""

    async def __init__(
        self, recognition: DeploymentHandle, detection: DeploymentHandle, diarization: DeploymentHandle
    ) -> None:
        logs.install()
        self._ingress = Ingress(_Cluster(recognition, detection, diarization), _options())
        self._learning = asyncio.create_task(self._ingress.learn())
        if await self._ingress.is_served():
            await asyncio.wait({self._learning}, timeout=self._PATIENCE)

    def __serve_build_asgi_app__(self) -> Starlette:
        return self._ingress.app


class _Part:
    def __init__(self, handle: DeploymentHandle) -> None:
        self._handle = handle
        self.name = handle.deployment_name

    async def send(self, call: Call) -> Reply:
        response = self._handle.answer.remote(call)
        try:
            return await response
        except asyncio.CancelledError:
            response.cancel()
            raise
        except BackPressureError as error:
            raise Busy from error
        except DeploymentUnavailableError as error:
            raise Unavailable from error
        except (RayActorError, TaskCancelledError) as error:
            raise Lost from error


class _Cluster:
    _FRESH = 1.0
    """Seconds for which an answer of Ray's controller counts."""
    _PATIENCE = 2.0
    """Seconds to wait for one. While the controller is restarted, the last answer counts."""

    def __init__(self, recognition: DeploymentHandle, detection: DeploymentHandle, diarization: DeploymentHandle) -> None:
        self.recognition = _Part(recognition)
        self.detection = _Part(detection)
        self.diarization = _Part(diarization)
        self._application = serve.get_replica_context().app_name
        self._replicas: dict[str, int] = {}
        self._asked = -self._FRESH
        self._asking: asyncio.Task | None = None

    async def replicas(self) -> dict[str, int]:
        if self._asking is None and time.monotonic() - self._asked >= self._FRESH:
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=self._PATIENCE)
        return self._replicas

    async def _ask(self) -> None:
        try:
            status = await asyncio.to_thread(serve.status)
            deployments = status.applications[self._application].deployments
            self._replicas = {
                name: deployments[getattr(self, name).name].replica_states.get("RUNNING", 0)
                for name in ("recognition", "detection", "diarization")
            }
        except Exception as error:  # Ray raises many types while its controller is away
            logs.failure("status_failed", error)
        finally:
            self._asked = time.monotonic()
            self._asking = None


def _options() -> options.Options:
    """A replica processes one request at a time unless the operator says otherwise: Ray counts a replica's cores, not the machine's."""
    chosen = options.from_environment()
    return dataclasses.replace(chosen, workers=chosen.workers or 1)


def _deployment(name: str, of: type, **settings):
    """Queues are limited without a configuration file, too."""
    return serve.deployment(name=name, max_queued_requests=64, **settings)(of)


def build():
    """Returns the application."""
    return _deployment("Ingress", IngressReplica, max_ongoing_requests=256, ray_actor_options={"num_cpus": 0}).bind(
        _deployment("Recognition", Replica, max_ongoing_requests=1).bind(RECOGNIZER),
        _deployment("Detection", Replica, max_ongoing_requests=1).bind(RECOGNIZER),
        _deployment("Diarization", Replica, max_ongoing_requests=1).bind(DIARIZER),
    )
