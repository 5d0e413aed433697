"""The links of the texts: in the tree, in the Debian package, and in what the wheel carries."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# ](target), [name]: target, and src="target" of the little HTML that Markdown lets through.
LINK = re.compile(r"\]\(<?([^)>\s]+)|^\[[^\]]+\]:\s+(\S+)|\b(?:src|href)=\"([^\"]+)\"", re.M)
CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.M | re.S)


def anchors(text: str) -> set[str]:
    """Return the names of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", CODE_BLOCK.sub("", text), re.M)
    plain = (re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def dead_links(texts: Iterable[Path], top: Path) -> list[str]:
    """Return the links of `texts` that lead to nothing below `top`."""
    dead = []
    for path in texts:
        text = path.read_text(encoding="utf-8")
        for found in LINK.findall(CODE.sub("", text)):
            link = unquote("".join(found))
            if "://" in link or link.startswith("mailto:"):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            missing = not target.exists() or not target.is_relative_to(top.resolve())
            if not missing and anchor and target.suffix == ".md":
                missing = anchor not in anchors(target.read_text(encoding="utf-8"))
            if missing:
                dead.append(f"{path.relative_to(top)}: {link}")
    return dead


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# A heading: of `b`\n")
    text = "[1](b.md) [2](b.md#a-heading-of-b) [3](c.md) [4](b.md#no) `[5](d.md)`\n[6]: e.md\n"
    (tmp_path / "a.md").write_text(text + "```\n[7](f.md)\n```\n![8](g.png) [9](https://x.org/)\n")
    dead = dead_links([tmp_path / "a.md"], tmp_path)
    assert dead == ["a.md: c.md", "a.md: b.md#no", "a.md: e.md", "a.md: g.png"]


def test_the_links_of_the_tree_lead_somewhere() -> None:
    folders = ("docs", "systemd", "edge_fer", "firmware_bridge", "quantize", "tests")
    texts = [path for name in folders for path in (REPOSITORY / name).rglob("*.md")]
    assert not dead_links([*REPOSITORY.glob("*.md"), *texts], REPOSITORY)


def test_the_links_of_the_debian_package_lead_to_what_is_in_it(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no Debian tools: dpkg-deb is not installed")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "none-0-py3-none-any.whl").touch()  # the texts are those of the tree
    package = tmp_path / "edge-fer.deb"
    script = REPOSITORY / "systemd" / "build-deb.sh"
    subprocess.run([script, wheels, "0", "all", "python3.11", package], check=True)
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True)
    doc = tmp_path / "root/usr/share/doc/edge-fer"
    texts = [path for path in doc.rglob("*.md") if not path.is_symlink()]
    assert {"README.md", "docs/README.md", "systemd/README.md"} <= {
        str(path.relative_to(doc)) for path in texts
    }
    assert not dead_links(texts, doc)


@pytest.mark.parametrize("package", ["edge_fer", "firmware_bridge", "quantize"])
def test_what_the_wheel_carries_links_to_nothing_outside(package: str) -> None:
    folder = REPOSITORY / package
    texts = [path for path in folder.rglob("*.md") if "c" not in path.relative_to(folder).parts]
    assert not dead_links(texts, folder)
