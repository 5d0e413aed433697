"""The C as a library that a project installs, on the targets that it is made for."""

import importlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    ControllerStatusMessage,
    DriverRequestMessage,
    DriverStateMessage,
    encode,
)
from firmware_bridge.protocol.slcan import SlcanParser, encode_line
from firmware_bridge.reception.supervision import BusSupervisor

Make = Callable[..., str]
Build = Callable[[str], Path]
TARGETS = {"avr": "avr-gcc", "m0": "arm-none-eabi-gcc", "m4": "arm-none-eabi-gcc"}
USER = """\
#include "edge_fer_receiver.h"
int main(void)
{
    edge_fer_receiver receiver;
    edge_fer_receiver_init(&receiver);
    return EDGE_FER_PROTOCOL_VERSION == 1 && edge_fer_receiver_is_compatible(&receiver, 0) ? 0 : 1;
}
"""
PROJECT = """\
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(edge_fer 1 CONFIG REQUIRED)
add_executable(user main.c)
target_link_libraries(user edge_fer::edge_fer)
"""


ARDUINO = Path("/usr/share/arduino/hardware")
# Of Zephyr's CMake, what the module calls: sources are gathered, and an application has them.
ZEPHYR = """\
cmake_minimum_required(VERSION 3.16)
project(app C)
set(CONFIG_EDGE_FER y)
function(zephyr_library)
  add_library(edge_fer_module STATIC)
endfunction()
function(zephyr_library_sources)
  target_sources(edge_fer_module PRIVATE ${{ARGV}})
endfunction()
function(zephyr_include_directories)
  target_include_directories(edge_fer_module PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}}/${{ARGV}})
endfunction()
add_subdirectory({module} module)
add_executable(app main.c)
target_link_libraries(app edge_fer_module)
"""


@pytest.mark.parametrize("target", TARGETS)
def test_it_compiles_without_a_warning_and_its_size_is_printed(
    make: Make, build_folder: Path, target: str
) -> None:
    """AVR has an int of 16 bits: what overflows there is a warning, which is an error."""
    if shutil.which(TARGETS[target]) is None:
        pytest.skip(f"{TARGETS[target]} is not installed")
    printed = make(str(build_folder / f"sizes_{target}"))

    (totals,) = re.findall(
        r"^ *(\d+)\s+(\d+)\s+(\d+)\s+\d+\s+\w+\s+\(TOTALS\)", printed, re.MULTILINE
    )
    text, data, bss = map(int, totals)
    print(f"{target}: {text} bytes of code and tables, {data + bss} of memory")
    assert text < 32_000
    assert bss == 0  # no state of its own


def test_the_unit_tests_pass_where_an_int_has_16_bits(make: Make) -> None:
    for tool in ("avr-gcc", "simavr"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (apt: gcc-avr, avr-libc, simavr)")
    printed = make("avr")

    assert re.search(r"\d{5,} checks, 0 failed", printed)
    assert "FAILED" not in printed


def test_the_readme_names_each_misra_rule_that_is_not_followed(make: Make, c_folder: Path) -> None:
    if shutil.which("cppcheck") is None:
        pytest.skip("cppcheck is not installed")
    found = set(re.findall(r"misra-c2012-(\d+\.\d+)", make("misra")))
    section = (c_folder / "README.md").read_text("utf-8").split("## MISRA")[1].split("\n## ")[0]

    assert found == set(re.findall(r"^\| (\d+\.\d+) \|", section, re.MULTILINE))


def test_cmake_installs_and_finds_it(c_folder: Path, tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")

    def cmake(*arguments: object) -> None:
        done = subprocess.run(
            ["cmake", *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    (tmp_path / "user").mkdir()
    (tmp_path / "user/main.c").write_text(USER)
    (tmp_path / "user/CMakeLists.txt").write_text(PROJECT)
    prefix = tmp_path / "prefix"
    cmake("-S", c_folder, "-B", tmp_path / "library", f"-DCMAKE_INSTALL_PREFIX={prefix}")
    cmake("--build", tmp_path / "library", "--target", "install")
    cmake("-S", tmp_path / "user", "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    cmake("--build", tmp_path / "build")

    assert subprocess.run([tmp_path / "build/user"], check=False).returncode == 0


def test_the_manifests_agree(c_folder: Path) -> None:
    platformio = json.loads((c_folder / "library.json").read_text())
    lines = (c_folder / "library.properties").read_text().splitlines()
    arduino = dict(line.split("=", 1) for line in lines)
    (version,) = re.findall(r"VERSION (\d+\.\d+\.\d+)", (c_folder / "CMakeLists.txt").read_text())

    assert platformio["version"] == arduino["version"] == version
    assert platformio["name"] == arduino["name"] == "edge_fer"
    for header in arduino["includes"].split(","):
        assert (c_folder / "src" / header).is_file()


@pytest.mark.slow
def test_arduino_builds_the_example_with_the_library(c_folder: Path, tmp_path: Path) -> None:
    """Arduino's own builder and core: it finds the library by the headers that the sketch names."""
    if shutil.which("arduino-builder") is None or not ARDUINO.is_dir():
        pytest.skip("no Arduino (apt: arduino-builder, arduino-core-avr)")
    library = tmp_path / "libraries" / "edge_fer"
    shutil.copytree(c_folder, library, ignore=shutil.ignore_patterns("build", "*.py"))
    shutil.copytree("/usr/share/arduino-builder", tmp_path / "tools")
    (tmp_path / "built").mkdir()
    done = subprocess.run(
        [
            *("arduino-builder", "-compile", "-warnings", "all", "-fqbn", "arduino:avr:uno"),
            *("-hardware", ARDUINO, "-hardware", tmp_path / "tools", "-tools", tmp_path / "tools"),
            *("-libraries", library.parent, "-build-path", tmp_path / "built"),
            # Debian's core does not compile with Debian's compiler otherwise.
            *("-prefs", "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"),
            library / "examples/arduino/edge_fer_receiver/edge_fer_receiver.ino",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if "warning:" in line and "edge_fer" in line]
    assert said == []
    assert re.search(r"Sketch uses \d{4} bytes", done.stdout)


def test_zephyr_finds_the_module(c_folder: Path, tmp_path: Path) -> None:
    """Its Kconfig by the parser that Zephyr uses, its CMake by functions that are called alike."""
    kconfiglib = pytest.importorskip("kconfiglib", reason="extra test: kconfiglib")
    module = yaml.safe_load((c_folder / "zephyr/module.yml").read_text())
    assert module["name"] == "edge_fer"
    assert (c_folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    (tmp_path / "Kconfig").write_text(f'source "{c_folder / module["build"]["kconfig"]}"\n')
    kconfig = kconfiglib.Kconfig(str(tmp_path / "Kconfig"))
    assert kconfig.syms["EDGE_FER"].str_value == "n"
    kconfig.syms["EDGE_FER"].set_value("y")
    assert kconfig.syms["EDGE_FER"].str_value == "y"
    assert not kconfig.warnings

    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    (tmp_path / "main.c").write_text(USER)
    (tmp_path / "CMakeLists.txt").write_text(ZEPHYR.format(module=c_folder / "zephyr"))
    for arguments in (["-S", tmp_path, "-B", tmp_path / "build"], ["--build", tmp_path / "build"]):
        done = subprocess.run(
            ["cmake", *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run([tmp_path / "build/app"], check=False).returncode == 0


def test_platformio_takes_the_manifest(c_folder: Path) -> None:
    """By the schema in PlatformIO itself, but for the list of licences, which it would fetch."""
    schema = pytest.importorskip(
        "platformio.package.manifest.schema", reason="PlatformIO is not installed (pip: platformio)"
    )
    schema.ManifestSchema.load_spdx_licenses = staticmethod(
        lambda: {"licenses": [{"licenseId": "Apache-2.0"}]}
    )
    parser = importlib.import_module("platformio.package.manifest.parser")
    read = parser.ManifestParserFactory.new_from_file(str(c_folder / "library.json"))
    manifest = read.as_dict()

    assert schema.ManifestSchema().load_manifest(manifest)["name"] == "edge_fer"
    with pytest.raises(Exception, match="version"):
        schema.ManifestSchema().load_manifest(manifest | {"version": "one"})


def test_the_example_acknowledges_a_request(build: Build) -> None:
    program = build("edge_fer_linux")
    child = subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    parser, supervisor = SlcanParser(), BusSupervisor()
    answers: list[ControllerStatusMessage] = []

    def listen() -> None:
        assert child.stdout is not None
        while data := os.read(child.stdout.fileno(), 4096):
            for frame in parser.feed(data, time.monotonic()):
                judged = supervisor.judge(frame)
                if judged.usable and isinstance(judged.message, ControllerStatusMessage):
                    answers.append(judged.message)

    listener = threading.Thread(target=listen)
    listener.start()
    senders = {
        message: Profile22Sender(definition(message.NAME).data_ids)
        for message in (DriverStateMessage(4), DriverRequestMessage(1, 7, 2, 30, 51))
    }
    end_s = time.monotonic() + 60.0
    while time.monotonic() < end_s and not any(answer.answer == 1 for answer in answers):
        for message, sender in senders.items():
            data = sender.protect(encode(message))
            child.stdin.write(encode_line(CanFrame(definition(message.NAME).can_id, data, 0.0)))
        child.stdin.flush()
        time.sleep(0.05)
    child.stdin.close()
    listener.join()
    assert child.wait() == 0
    assert child.stderr is not None
    said = child.stderr.read().decode()
    child.stdout.close()
    child.stderr.close()

    assert answers[-1].acknowledged_id == 7
    assert answers[-1].answer == 1  # all right
    assert "driver state 4" in said
