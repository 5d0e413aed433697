"""What a device installs is listed with its licences, and the lists are of the same packages."""

import json
import re
from pathlib import Path

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
# What builds and installs the wheel of the tree; it is no part of what runs.
TOOLS = {"setuptools"}
ELSEWHERE = {"colorama"}  # for Windows only


def named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> dict[str, str]:
    lines = (SYSTEMD / "requirements.txt").read_text().splitlines()
    pins = [line.split()[0].split("==") for line in lines if re.match(r"[a-zA-Z]", line)]
    found = {named(name): version for name, version in pins}
    return {name: found[name] for name in found if name not in TOOLS | ELSEWHERE}


def test_the_sbom_lists_what_is_installed() -> None:
    sbom = json.loads((SYSTEMD / "sbom.cdx.json").read_text())
    assert sbom["bomFormat"] == "CycloneDX"
    listed = {named(each["name"]): each["version"] for each in sbom["components"]}
    assert listed == required()
    unlicensed = {each["name"] for each in sbom["components"] if not each.get("licenses")}
    assert unlicensed <= {"protobuf"}  # its wheel declares none, and holds the text


def test_no_path_or_host_of_the_machine_that_made_it_is_in_it() -> None:
    text = (SYSTEMD / "sbom.cdx.json").read_text()
    assert "file:" not in text
    assert "/home/" not in text


def test_the_page_of_licences_has_each_package() -> None:
    page = (SYSTEMD / "third-party-licences.md").read_text()
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+) \|$", page, re.MULTILINE)[1:]
    assert {named(name): version for name, version, _ in rows if name != "---"} == required()
    for name in ("python-can", "tqdm", "opencv-python-headless"):
        assert f"**{name}**" in page
