"""The run's PostgreSQL: a cluster that scripts/lib/postgres.sh made, killed and started again by its files, asked by psql."""

import contextlib
import json
import os
import pwd
import signal
import subprocess
import time
import urllib.parse
from pathlib import Path

_NAME = "soak"
# Every change of a task, to see who had it and when. Only the owner of the tables can see all of them, so the function has its rights.
_HISTORY = """
CREATE SCHEMA soak;
CREATE TABLE soak.changes (
    at timestamptz DEFAULT clock_timestamp(), task text, job text, kind text, status text, worker text, fence bigint, error text,
    is_long boolean);
CREATE FUNCTION soak.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO soak.changes (task, job, kind, status, is_long)
        VALUES (OLD.tenant_id || '/' || OLD.id, OLD.job_id, OLD.kind, 'deleted', OLD.is_long);
    ELSE
        INSERT INTO soak.changes (task, job, kind, status, worker, fence, error, is_long)
        VALUES (NEW.tenant_id || '/' || NEW.id, NEW.job_id, NEW.kind, NEW.status, NEW.worker, NEW.fence, NEW.last_error, NEW.is_long);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER soak AFTER INSERT OR UPDATE OF status, worker, fence OR DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION soak.note();
"""


class DatabaseError(Exception):
    """One sentence."""


class Database:
    def __init__(self, cluster: Path, programs: Path, superuser: str) -> None:
        """`cluster`: its folder, with `data` and `log`. `superuser`: the URL of its superuser."""
        self._cluster, self._programs, self._superuser = cluster, programs, superuser
        self._user = pwd.getpwuid(os.stat(cluster).st_uid).pw_name

    def url(self, user: str) -> str:
        return f"postgresql://{user}@/{_NAME}?host={self.socket}"

    @property
    def socket(self) -> str:
        return str(self._cluster)

    @property
    def user(self) -> str:
        """Whose the server's processes are; that user may connect."""
        return self._user

    @property
    def name(self) -> str:
        return _NAME

    def prepare(self) -> None:
        """The roles and the database, as docs/self-hosting.md recommends."""
        for command in (
            "CREATE ROLE verbatim_owner LOGIN CREATEROLE", "CREATE ROLE verbatim_service LOGIN",
            f"CREATE DATABASE {_NAME} OWNER verbatim_owner",
        ):
            self._psql(self._superuser, command)

    def admit_nodes(self) -> None:
        """After the migration."""
        self._psql(self.url("verbatim_owner"), "GRANT verbatim_app, verbatim_system TO verbatim_service")
        self.run(_HISTORY)

    def run(self, command: str) -> None:
        self._psql(self._own, command)

    def rows(self, query: str) -> list[dict]:
        """Raises `DatabaseError`."""
        text = self._psql(self._own, f"SELECT coalesce(json_agg(q), '[]') FROM ({query}) q")
        return json.loads(text)

    def value(self, query: str):
        return json.loads(self._psql(self._own, f"SELECT to_json(({query}))") or "null")

    def kill(self) -> None:
        """Kills the server's first process, as a power cut would; the others end when they notice."""
        os.kill(int((self._cluster / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def start(self) -> None:
        """Starts it again, once all processes of the old one have ended. Raises `DatabaseError`."""
        command = [str(self._programs / "pg_ctl"), "-D", str(self._cluster / "data"), "-l", str(self._cluster / "log"), "-w", "-s", "start"]
        if os.getuid() == 0 and self._user != "root":
            command = ["runuser", "-u", self._user, "--", *command]
        until = time.monotonic() + 60
        while True:
            done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                return
            if time.monotonic() > until:
                raise DatabaseError("the database did not start again")
            time.sleep(0.2)

    def wait(self, *urls: str) -> None:
        """Until it answers at all these URLs."""
        for url in urls:
            while True:
                with contextlib.suppress(DatabaseError):
                    self._psql(url, "SELECT 1")
                    break
                time.sleep(0.1)

    @property
    def _own(self) -> str:
        parts = urllib.parse.urlsplit(self._superuser)
        return parts._replace(path=f"/{_NAME}").geturl()

    def _psql(self, url: str, command: str) -> str:
        done = subprocess.run(
            [str(self._programs / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c", command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        if done.returncode != 0:
            raise DatabaseError(f"psql: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
        return done.stdout.strip()
