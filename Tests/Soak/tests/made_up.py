"""The facts of a run that went right, small enough to read, for tests that let one thing go wrong."""

import copy


def facts() -> dict:
    """Two jobs: one completed, after its first worker was killed; one cancelled by its customer."""
    return copy.deepcopy(_FACTS)


_DONE = {
    "number": 0, "id": "job_1", "tenant": "ten_a", "said": "alpha bravo", "heard": "alpha bravo", "seconds": 9.5, "duration": 9.51,
    "deviation": 0.02, "status": "completed", "cancel": False, "error": None, "endpoints": ["default"],
}
_CANCELLED = {
    "number": 1, "id": "job_2", "tenant": "ten_b", "said": "kilo lima", "heard": "", "seconds": 12.5, "duration": None,
    "deviation": 0, "status": "cancelled", "cancel": True, "error": None, "endpoints": ["own"],
}


def _change(at: float, status: str, worker: str | None = None, fence: int | None = None, error: str | None = None) -> dict:
    return {"at": at, "task": "ten_a/1", "job": "job_1", "kind": "recognize", "status": status, "worker": worker, "fence": fence,
            "error": error, "long": False}


def _arrival(job: str, tenant: str, endpoint: str, event: str, answer: str = "200") -> dict:
    return {"at": 130.0, "tenant": tenant, "endpoint": endpoint, "event": event, "event_id": f"evt_{job}", "job": job, "signed": True,
            "body": f"digest of {job}", "answer": answer}


_FACTS = {
    "jobs": [_DONE, _CANCELLED],
    "rows": [
        {"id": "job_1", "tenant": "ten_a", "status": "completed", "error": None, "deleted": 131.0},
        {"id": "job_2", "tenant": "ten_b", "status": "cancelled", "error": None, "deleted": 103.0},
    ],
    "tenants": {"job_1": "ten_a", "job_2": "ten_b"},
    "usage": [{"job": "job_1", "tenant": "ten_a", "seconds": 10}],
    "reservations": [],
    "shown": {
        "ten_a": {"used_seconds": 10, "reserved_seconds": 0}, "ten_b": {"used_seconds": 0, "reserved_seconds": 0},
    },
    "verified": {"status": 0, "output": ""},
    "arrivals": [
        _arrival("job_1", "ten_a", "default", "job.completed", "500"), _arrival("job_1", "ten_a", "default", "job.completed"),
        _arrival("job_2", "ten_b", "own", "job.cancelled"),
        {**_arrival("job_1", "ten_a", "default", "usage.threshold_reached"), "job": None},
    ],
    "objects": [],
    "swept": 3,
    "scratch": [],
    "tasks": [],
    "changes": [
        _change(100, "ready"), _change(101, "running", "71", 1), _change(118, "ready", None, 1, "worker_lost"),
        _change(118.5, "running", "72", 2, "worker_lost"), _change(121, "done", "72", 2), _change(131, "deleted"),
    ],
    "losses": [{"worker": "71", "node": "worker-1", "at": 102.0, "kind": "killed"}],
    "lives": [
        {"worker": "71", "ready": 90.0, "end": 102.0}, {"worker": "72", "ready": 90.0, "end": None},
        {"worker": "73", "ready": 106.0, "end": None},
    ],
    "slots": 2,
    "stalls": [[90.0, 5.0], [150.0, 5.0]],
    "outages": [{"what": "database", "begin": 60.0, "end": 64.0}],
    "statuses": {"200": 20, "202": 3, "503 transient_error": 4},
    "unanswered": 2,
    "unannounced_503": 0,
    "logged_500": [],
    "crash_lines": [],
    "exits": [
        {"node": "worker-1", "pid": 71, "code": -9, "ordered": True, "at": 102.0, "at_start": False},
        {"node": "api-1", "pid": 60, "code": 1, "ordered": False, "at": 63.0, "at_start": True},
        {"node": "api-1", "pid": 61, "code": 0, "ordered": True, "at": 110.0, "at_start": False},
    ],
    "nodes": [
        {"name": "api-1", "ready": True, "memory_mb": 20.0, "connections": 1, "busy": {"verbatim_spool_bytes": 0.0}},
        {"name": "worker-1", "ready": True, "memory_mb": 30.0, "connections": 4, "busy": {"verbatim_uploads_waiting": 0.0}},
    ],
    "children": [],
    "open_transactions": 0,
}
