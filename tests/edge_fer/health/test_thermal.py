"""The kernel's thermal zones as a Raspberry Pi and a Jetson have them."""

from pathlib import Path

import pytest

from edge_fer.health.thermal import DEFAULT_LIMIT_C, Temperature, Thermometer


def zone(
    root: Path, number: int, kind: str, millidegrees: int | str, **trips: tuple[str, int]
) -> Path:
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{kind}\n")
    (folder / "temp").write_text(f"{millidegrees}\n")
    for number_of_trip, (kind_of_trip, at) in enumerate(trips.values()):
        (folder / f"trip_point_{number_of_trip}_type").write_text(f"{kind_of_trip}\n")
        (folder / f"trip_point_{number_of_trip}_temp").write_text(f"{at}\n")
    return folder


def test_a_raspberry_pi_5(tmp_path: Path) -> None:
    # Its fan has trip points, its firmware's limit is not among them.
    zone(
        tmp_path, 0, "cpu-thermal", 61_234, a=("critical", 110_000), b=("active", 50_000),
        c=("active", 75_000),
    )  # fmt: skip
    assert Thermometer(tmp_path).read() == Temperature(61.234, DEFAULT_LIMIT_C)


def test_a_jetson_says_what_is_nearest_to_its_limit(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal", 70_000, a=("critical", 104_500), b=("passive", 99_000))
    gpu = zone(tmp_path, 1, "gpu-thermal", 68_000, a=("passive", 90_000), b=("active", 50_000))
    zone(tmp_path, 2, "PMIC-Die", 100_000, a=("passive", 99_000))  # says that all the time
    zone(tmp_path, 3, "soc0-thermal", -256_000)  # switched off
    zone(tmp_path, 4, "cv0-thermal", 89_000)
    thermometer = Thermometer(tmp_path)
    found = thermometer.read()
    assert found == Temperature(68.0, 90.0)
    assert found is not None
    assert found.margin_c == 22.0
    (gpu / "temp").write_text("40000\n")
    assert thermometer.read() == Temperature(70.0, 99.0)


def test_a_trip_point_that_cannot_be_is_none(tmp_path: Path) -> None:
    zone(tmp_path, 0, "x86_pkg_temp", 50_000, a=("passive", 0), b=("passive", -274_000))
    assert Thermometer(tmp_path).read() == Temperature(50.0, DEFAULT_LIMIT_C)


@pytest.mark.parametrize("text", ["", "hot", "999999999", "-300000"])
def test_a_sensor_that_makes_no_sense_is_none(tmp_path: Path, text: str) -> None:
    zone(tmp_path, 0, "cpu-thermal", text)
    assert Thermometer(tmp_path).read() is None


def test_a_machine_without_sensors(tmp_path: Path) -> None:
    assert Thermometer(tmp_path).read() is None
