"""install.sh into a scratch root: what it says, what it does, and that it can be repeated."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "systemd" / "install.sh"
ALWAYS = {
    "etc/edge-fer/config.toml",
    "etc/systemd/system/edge-fer.service",
    "etc/sysusers.d/edge-fer.conf",
    "etc/tmpfiles.d/edge-fer.conf",
    "etc/udev/rules.d/70-edge-fer.rules",
}
SOCKETCAN = {
    "etc/systemd/network/80-can0.network",
    "etc/systemd/system/edge-fer.service.d/socketcan.conf",
}


def install(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [SCRIPT, "--root", root, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path) -> None:
    said = install(tmp_path, "--dry-run", "--socketcan")
    assert files(tmp_path) == set()
    for name in ALWAYS | SOCKETCAN:
        assert f"{tmp_path}/{name}" in said


def test_a_dry_run_needs_no_rights_and_names_the_system_commands() -> None:
    user = "nobody" if os.geteuid() == 0 else None
    done = subprocess.run(
        [SCRIPT, "--dry-run"], capture_output=True, text=True, check=True, user=user
    )
    for command in (
        "-m venv",
        "-I -m pip --isolated install",
        "systemd-sysusers",
        "systemctl --root=/ enable",
    ):
        assert command in done.stdout


def test_nothing_of_the_callers_folder_or_environment_decides_what_runs(tmp_path: Path) -> None:
    """The audit's: ./pip/, PIP_* and a caller's PATH, run by root."""
    mark = tmp_path / "ran"
    decoys = tmp_path / "decoys"
    (decoys / "pip").mkdir(parents=True)
    (decoys / "pip" / "__main__.py").write_text(f"open({str(mark)!r}, 'w')\n")
    for name in ("cmp", "id", "install", "python3", "dirname", "systemctl", "env"):
        (decoys / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (decoys / name).chmod(0o755)
    done = subprocess.run(
        [SCRIPT, "--dry-run"],
        capture_output=True,
        text=True,
        check=True,
        cwd=decoys,
        env={
            "PATH": f"{decoys}:/usr/bin:/bin",
            "PIP_INDEX_URL": "http://attacker.example",
            "PIP_REQUIRE_HASHES": "0",
            "PYTHONPATH": str(decoys),
            "CDPATH": str(decoys),
        },
    )
    assert not mark.exists()
    pip = [line for line in done.stdout.splitlines() if "-m pip" in line]
    assert len(pip) == 2
    for line in pip:
        assert line.startswith("+ env -i PATH=")
        assert "PIP_CONFIG_FILE=/dev/null" in line
        assert "-I -m pip --isolated" in line
    assert "--require-hashes" in pip[0]
    assert "attacker" not in done.stdout


def test_each_file_that_a_device_installs_has_its_known_hashes() -> None:
    lines = (SCRIPT.parent / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    pinned = dict(
        line.split("==")
        for line in (SCRIPT.parents[1] / "constraints.txt").read_text().split()
        if "==" in line
    )
    assert len(wanted) > 20
    for line in wanted:
        name, version = line.split()[0].split("==")
        assert "--hash=sha256:" in line
        found = {key.lower().replace("_", "-").replace(".", "-"): pinned[key] for key in pinned}
        assert found.get(name.lower(), version) == version, f"{name}: other than constraints.txt"


def test_it_can_be_repeated_and_keeps_an_edited_config(tmp_path: Path) -> None:
    install(tmp_path)
    assert files(tmp_path) == ALWAYS
    config = tmp_path / "etc/edge-fer/config.toml"
    config.write_text("[camera]\nfps = 15\n")
    unit = tmp_path / "etc/systemd/system/edge-fer.service"
    written_ns = unit.stat().st_mtime_ns
    assert "+ " not in install(tmp_path)
    assert config.read_text() == "[camera]\nfps = 15\n"
    assert unit.stat().st_mtime_ns == written_ns
    unit.write_text("old")
    assert "+ install" in install(tmp_path)
    assert unit.read_text() == (SCRIPT.parent / "edge-fer.service").read_text()


def test_on_a_jetson_its_camera_is_let_in(tmp_path: Path) -> None:
    install(tmp_path)
    assert files(tmp_path) == ALWAYS
    (tmp_path / "etc/nv_tegra_release").write_text("# R36 (release), REVISION: 4.0\n")
    install(tmp_path)
    drop_in = tmp_path / "etc/systemd/system/edge-fer.service.d/jetson.conf"
    assert drop_in.read_text() == (SCRIPT.parent / "jetson.conf").read_text()
    install(tmp_path, "--uninstall")
    assert not drop_in.exists()


def test_it_takes_itself_away_but_for_config_and_models(tmp_path: Path) -> None:
    install(tmp_path, "--socketcan")
    assert files(tmp_path) == ALWAYS | SOCKETCAN
    models = tmp_path / "var/lib/edge-fer/models"
    models.mkdir(parents=True)
    (models / "current").touch()
    install(tmp_path, "--uninstall", "--dry-run")
    assert len(files(tmp_path)) == len(ALWAYS | SOCKETCAN) + 1
    assert "kept:" in install(tmp_path, "--uninstall")
    assert files(tmp_path) == {"etc/edge-fer/config.toml", "var/lib/edge-fer/models/current"}
    install(tmp_path, "--uninstall")
    install(tmp_path, "--uninstall", "--purge")
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--frobnicate"], "unknown option --frobnicate"),
        (["--root"], "--root needs a folder"),
        (["--root", "/nowhere/at/all"], "there is no such folder"),
        (["--purge"], "--purge goes with --uninstall"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], words: str) -> None:
    done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
