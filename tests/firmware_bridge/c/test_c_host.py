"""The C alone: its own unit tests, warnings, dependencies, coverage, and what is generated."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.c.generate import FOLDER, generate

Make = Callable[..., str]
Build = Callable[[str], Path]
STRING_H = {"memchr", "memcmp", "memcpy", "memmove", "memset", "strlen"}


def test_the_unit_tests_pass_under_the_sanitizers(make: Make) -> None:
    printed = make("test")

    assert re.search(r"^\d{5,} checks, 0 failed$", printed, re.MULTILINE)
    assert not re.search("^FAILED", printed, re.MULTILINE)


def test_every_line_and_branch_of_ours_is_covered(
    make: Make, c_folder: Path, build_folder: Path
) -> None:
    make("coverage")
    sources = {path.stem for path in (c_folder / "src").glob("*.c")}
    missed = []
    counted = {}

    for report in (build_folder / "coverage").glob("*.gcov.json.gz"):
        for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
            name = Path(file["file"]).stem
            lines = file["lines"]
            counted[name] = sum(len(line["branches"]) for line in lines)
            missed += [
                f"{file['file']}:{line['line_number']}"
                for line in lines
                if not line["count"] or not all(branch["count"] for branch in line["branches"])
            ]

    assert missed == []
    assert set(counted) == sources
    assert min(counted.values()) > 10


def test_nothing_is_needed_but_the_functions_of_string_h(make: Make, build_folder: Path) -> None:
    make("library")
    listed = subprocess.run(
        ["nm", "--undefined-only", "--format=just-symbols", str(build_folder / "edge_fer.o")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(listed.stdout.split()) <= STRING_H


def test_only_headers_of_a_freestanding_compiler_and_string_h_are_included(c_folder: Path) -> None:
    included = {
        header
        for path in (c_folder / "src").rglob("*.[ch]")
        for header in re.findall(r"#\s*include\s*<([^>]+)>", path.read_text("utf-8"))
    }

    assert included == {"stdbool.h", "stddef.h", "stdint.h", "string.h"}


def test_there_is_no_global_state(make: Make, build_folder: Path) -> None:
    make("library")
    listed = subprocess.run(
        ["size", "--format=sysv", str(build_folder / "edge_fer.o")],
        capture_output=True,
        text=True,
        check=True,
    )
    sizes = dict(re.findall(r"^(\.(?:data|bss))\s+(\d+)", listed.stdout, re.MULTILINE))

    assert sizes == {".data": "0", ".bss": "0"}


def test_the_headers_serve_cpp_and_each_alone(c_folder: Path, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    source = c_folder / "src"
    for header in [*source.glob("*.h"), *source.glob("generated/*.h")]:
        alone = tmp_path / "alone.cpp"
        alone.write_text(f'#include "{header.relative_to(source)}"\n', encoding="utf-8")
        strict = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
        subprocess.run(["g++", *strict, f"-I{source}", str(alone)], check=True)


def test_writing_it_again_gives_the_same_bytes() -> None:
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    written = {name: text.encode("utf-8") for name, text in generate().items()}

    assert kept.keys() == written.keys()
    differ = [name for name in kept if kept[name] != written[name]]
    assert differ == [], "the DBC (or cantools) changed: python -m firmware_bridge.c.generate"
