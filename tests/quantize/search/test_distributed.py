"""A study in PostgreSQL: a worker on another host joins, dies, and nothing is lost."""

import contextlib
import os
import shutil
import signal
import socket
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


class Server:
    """A PostgreSQL server that can be restarted, on the data in a folder."""

    url = f"postgresql://search@{SERVER}:54329/postgres"

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["-h", SERVER, "-p", "54329", "-k", str(self._folder), "-c", "fsync=off"]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._program, "-D", str(self._folder / "data"), *options],
                user="postgres",
                cwd="/",
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                open_storage(self.url)
                break
            except UserError:
                time.sleep(0.5)

    def stop(self) -> None:
        """End it without waiting for clients, as SIGTERM would."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=180)


@pytest.fixture
def server(host: list[str]) -> Iterator[Server]:
    """A PostgreSQL server that the other host reaches."""
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
    running = Server(postgres, folder)
    running.start()
    try:
        yield running
    finally:
        ended = running.process.poll()
        running.stop()
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
    server: Server, host: list[str], noisy_csv: Path
) -> None:
    from quantize.data.load import load_fer2013

    budget = Budget("edge", 1, 1, 28, 16, "random", "none", load_fer2013(noisy_csv).digest())
    study = open_study(open_storage(server.url), "edge", budget)
    away = worker(host, server.url, noisy_csv, 0)
    try:
        deadline = time.monotonic() + 240
        while not (victims := running_on(study, "another-host")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert victims, "the worker on the other host began no trial"
    finally:
        away.kill()  # `sh` became Python by exec, so this is the worker itself
        away.wait()
    here = worker([], server.url, noisy_csv, 1)
    try:
        here.wait(timeout=600)
    finally:
        here.kill()
        here.wait()
    assert trials_done(study) >= 4
    assert_nothing_is_lost(study)


def assert_nothing_is_lost(study: optuna.Study) -> None:
    """Each trial has a result, or failed and was begun again."""
    trials = study.get_trials(deepcopy=False)
    assert TrialState.RUNNING not in [trial.state for trial in trials]
    retried = {
        trial.system_attrs["failed_trial"]
        for trial in trials
        if "failed_trial" in trial.system_attrs
    }
    assert retried == {trial.number for trial in trials if trial.state is TrialState.FAIL}


@pytest.mark.slow
def test_a_killed_worker_and_a_restarted_server_lose_no_trial(
    server: Server, noisy_csv: Path
) -> None:
    """`edge-fer search` with two workers, as a user starts it."""
    words = ["--space", "edge", "--storage", server.url, "--trials", "4", "--workers", "2"]
    size = ["--epochs", "1", "--rows", "28", "--side", "16", "--sampler", "random"]
    search = subprocess.Popen(
        [sys.executable, "-m", "edge_fer", "search", "--data", str(noisy_csv), *words, *size],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        storage = open_storage(server.url)
        here = socket.gethostname()
        deadline = time.monotonic() + 240
        owners: list[int] = []
        while not owners and time.monotonic() < deadline:
            with contextlib.suppress(KeyError):  # the study is not there yet
                owners = running_on(optuna.load_study(study_name="edge", storage=storage), here)
            time.sleep(0.1)
        assert owners, "no worker began a trial"
        os.kill(owners[0], signal.SIGKILL)
        server.stop()
        time.sleep(3)  # both the search and the worker that is left meet the server's absence
        server.start()
        _, said = search.communicate(timeout=300)
    finally:
        search.terminate()
        search.wait()
    assert search.returncode == 0, said
    study = optuna.load_study(study_name="edge", storage=open_storage(server.url))
    assert trials_done(study) >= 4
    assert_nothing_is_lost(study)
    assert any(trial.state is TrialState.FAIL for trial in study.get_trials(deepcopy=False))


def test_a_password_is_not_shown() -> None:
    url = "postgresql://search:secret@server:5432/study"
    assert without_password(url) == "postgresql://search:***@server:5432/study"
    assert without_password("sqlite:///runs/study.db") == "sqlite:///runs/study.db"
    with pytest.raises(UserError) as error:
        open_storage("postgresql://search:secret@127.0.0.1:1/study?connect_timeout=1")
    assert "secret" not in str(error.value)
