"""A study in PostgreSQL: a worker on another host joins, dies, and nothing is lost."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="needs the workstation extra")
pytest.importorskip("psycopg", reason="needs the distributed extra")

import optuna
from optuna.trial import TrialState

from edge_fer.errors import UserError
from quantize.search.study import Budget, open_storage, open_study, trials_done, without_password

SERVER, WORKER = "10.213.77.1", "10.213.77.2"
NAMESPACE = "edgefertest"


def find(program: str) -> str | None:
    places = [
        *os.environ["PATH"].split(os.pathsep),
        *map(str, Path("/usr/lib/postgresql").glob("*/bin")),
    ]
    return shutil.which(program, path=os.pathsep.join(places))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def host() -> Iterator[list[str]]:
    """Another host, as far as the network and the host's name go: a prefix for commands there."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        pytest.skip("a network namespace needs root, ip and unshare")
    try:
        ip("netns", "add", NAMESPACE)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made: {error.stderr.decode().strip()}")
    try:
        ip(
            "link",
            "add",
            "edgefer0",
            "type",
            "veth",
            "peer",
            "name",
            "edgefer1",
            "netns",
            NAMESPACE,
        )
        ip("addr", "add", f"{SERVER}/24", "dev", "edgefer0")
        ip("link", "set", "edgefer0", "up")
        ip("-n", NAMESPACE, "addr", "add", f"{WORKER}/24", "dev", "edgefer1")
        ip("-n", NAMESPACE, "link", "set", "edgefer1", "up")
        ip("-n", NAMESPACE, "link", "set", "lo", "up")
        rename = 'hostname another-host; exec "$@"'
        yield ["ip", "netns", "exec", NAMESPACE, "unshare", "--uts", "sh", "-c", rename, "sh"]
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)
        subprocess.run(["ip", "link", "del", "edgefer0"], check=False, capture_output=True)


@pytest.fixture
def server(host: list[str]) -> Iterator[str]:
    """A PostgreSQL server that the other host reaches; its URL."""
    initdb, postgres = find("initdb"), find("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL's initdb and postgres are not installed")
    user = "postgres"  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="edge-fer-postgresql-"))
    try:
        shutil.chown(folder, user)
    except LookupError:
        folder.rmdir()
        pytest.skip("there is no user postgres to run the server as")
    words = ["-D", str(folder / "data"), "-U", "search", "--auth=trust", "--no-sync"]
    subprocess.run([initdb, *words], check=True, capture_output=True, user=user, cwd="/")
    with (folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {WORKER}/24 trust\n")
    options = ["-h", SERVER, "-p", "54329", "-k", str(folder), "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [postgres, "-D", str(folder / "data"), *options],
            user=user,
            cwd="/",
            stderr=log,
            start_new_session=True,
        )
    url = f"postgresql://search@{SERVER}:54329/postgres"
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                open_storage(url)
                break
            except UserError:
                time.sleep(0.5)
        yield url
    finally:
        ended = process.poll()
        process.send_signal(signal.SIGINT)  # does not wait for clients, as SIGTERM would
        process.wait(timeout=60)
        print((folder / "log").read_text(errors="replace")[-2000:], f"\nended before: {ended}")
        shutil.rmtree(folder)


def worker(prefix: list[str], url: str, data: Path, number: int) -> subprocess.Popen[bytes]:
    words = [url, "edge", str(data), "4", str(number)]
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "quantize.search.worker", *words],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def running_on(study: optuna.Study, host_name: str) -> list[int]:
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [
        trial.user_attrs["pid"]
        for trial in trials
        if trial.user_attrs.get("host") == host_name and "pid" in trial.user_attrs
    ]


@pytest.mark.slow
def test_a_worker_on_another_host_joins_and_dies_without_loss(
    server: str, host: list[str], noisy_csv: Path
) -> None:
    from quantize.data.load import load_fer2013

    budget = Budget("edge", 1, 1, 28, 16, "random", "none", load_fer2013(noisy_csv).digest())
    study = open_study(open_storage(server), "edge", budget)
    away = worker(host, server, noisy_csv, 0)
    try:
        deadline = time.monotonic() + 240
        while not (victims := running_on(study, "another-host")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert victims, "the worker on the other host began no trial"
    finally:
        away.kill()  # `sh` became Python by exec, so this is the worker itself
        away.wait()
    here = worker([], server, noisy_csv, 1)
    try:
        here.wait(timeout=600)
    finally:
        here.kill()
        here.wait()
    assert trials_done(study) >= 4
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    assert TrialState.RUNNING not in states
    retried = [
        trial for trial in study.get_trials(deepcopy=False) if "failed_trial" in trial.system_attrs
    ]
    lost = [trial for trial in study.get_trials(deepcopy=False) if trial.state is TrialState.FAIL]
    assert {trial.system_attrs["failed_trial"] for trial in retried} == {
        trial.number for trial in lost
    }


def test_a_password_is_not_shown() -> None:
    url = "postgresql://search:secret@server:5432/study"
    assert without_password(url) == "postgresql://search:***@server:5432/study"
    assert without_password("sqlite:///runs/study.db") == "sqlite:///runs/study.db"
    with pytest.raises(UserError) as error:
        open_storage("postgresql://search:secret@127.0.0.1:1/study?connect_timeout=1")
    assert "secret" not in str(error.value)
