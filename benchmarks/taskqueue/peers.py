"""Other queues on PostgreSQL, with empty tasks: run by the Python of an environment that has them.

Usage: peers.py NAME DATABASE_URL TASKS, in an empty database. Prints one JSON object: tasks a second, in one process with
eight tasks at a time. Each does what it does by default: neither lets accounts take turns."""

import asyncio
import json
import sys
import time

CONCURRENCY = 8


async def _procrastinate(url: str, tasks: int) -> float:
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=CONCURRENCY + 2))

    @app.task(name="nothing")
    async def nothing() -> None:
        pass

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for _ in range(0, tasks, 1000):
            await nothing.batch_defer_async(*({} for _ in range(1000)))
        begun = time.perf_counter()
        await app.run_worker_async(concurrency=CONCURRENCY, wait=False, delete_jobs="always")
        return tasks / (time.perf_counter() - begun)


async def _pgqueuer(url: str, tasks: int) -> float:
    import asyncpg
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgPoolDriver
    from pgqueuer.queries import Queries
    from pgqueuer.types import QueueExecutionMode

    async with asyncpg.create_pool(url, min_size=CONCURRENCY, max_size=CONCURRENCY) as pool:
        driver = AsyncpgPoolDriver(pool)
        await Queries(driver).install()
        queue = PgQueuer(driver)

        @queue.entrypoint("nothing")
        async def nothing(job) -> None:  # noqa: ANN001 (its own type)
            pass

        await queue.qm.queries.enqueue(["nothing"] * tasks, [None] * tasks, [0] * tasks)
        begun = time.perf_counter()
        await queue.qm.run(batch_size=10, mode=QueueExecutionMode.drain)
        return tasks / (time.perf_counter() - begun)


if __name__ == "__main__":
    name, url, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rate = asyncio.run({"procrastinate": _procrastinate, "pgqueuer": _pgqueuer}[name](url, tasks))
    print(json.dumps({"rate": rate}))
