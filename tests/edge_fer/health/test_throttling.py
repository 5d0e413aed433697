"""What holds a machine back, from the files of a Raspberry Pi and of a Jetson."""

from pathlib import Path

import pytest

from edge_fer.health.throttling import (
    CAPPED,
    EVENT_SHOWN_S,
    OVER_CURRENT,
    UNDERVOLTAGE,
    ThrottleWatch,
    read_over_current_events,
    read_throttle_bits,
)


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")
    return path


@pytest.mark.parametrize("folder", ["soc/soc:firmware", "soc:firmware"])
def test_the_bits_of_a_raspberry_pi(tmp_path: Path, folder: str) -> None:
    write(tmp_path, f"sys/devices/platform/{folder}/get_throttled", "50005")
    assert read_throttle_bits(tmp_path) == 0x50005
    assert ThrottleWatch(tmp_path).read(0.0) == (UNDERVOLTAGE, "throttled")


@pytest.mark.parametrize(("alarm", "names"), [("0", ()), ("1", (UNDERVOLTAGE,))])
def test_a_kernel_with_the_alarm_of_the_supply_alone(
    tmp_path: Path, alarm: str, names: tuple[str, ...]
) -> None:
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert ThrottleWatch(tmp_path).read(0.0) == names


def test_a_processor_that_is_slowed_down(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/cooling_device0/type", "pwm-fan")
    write(tmp_path, "sys/class/thermal/cooling_device0/cur_state", "3")
    write(tmp_path, "sys/class/thermal/cooling_device1/type", "cpufreq-cpu0")
    state = write(tmp_path, "sys/class/thermal/cooling_device1/cur_state", "0")
    watch = ThrottleWatch(tmp_path)
    assert watch.read(0.0) == ()
    state.write_text("2\n")
    assert watch.read(0.0) == (CAPPED,)


def test_what_a_jetson_counts_is_said_for_a_while(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/hwmon/hwmon4/oc1_event_cnt", "0")
    count = write(tmp_path, "sys/class/hwmon/hwmon4/oc3_event_cnt", "7")
    watch = ThrottleWatch(tmp_path)
    assert read_over_current_events(tmp_path) == 7
    assert watch.read(1.0) == ()  # before this process
    count.write_text("8\n")
    assert watch.read(2.0) == (OVER_CURRENT,)
    assert watch.read(1.9 + EVENT_SHOWN_S) == (OVER_CURRENT,)
    assert watch.read(2.1 + EVENT_SHOWN_S) == ()


def test_another_machine_does_not_say(tmp_path: Path) -> None:
    assert ThrottleWatch(tmp_path).read(0.0) is None
    write(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", "nonsense")
    assert ThrottleWatch(tmp_path).read(0.0) is None
