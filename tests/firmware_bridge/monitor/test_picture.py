from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.monitor.picture import PictureView
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import DriverStateMessage, Message
from firmware_bridge.reception.watching import Line, Watch

MakeFrame = Callable[[Message, float], CanFrame]
LINE = Line("slcan:/dev/ttyUSB0")


def test_it_shows_the_driver_as_he_was_last_known(tmp_path: Path, make_frame: MakeFrame) -> None:
    path = tmp_path / "view.svg"
    view, watch = PictureView(path), Watch(0.0)
    view.refresh(watch, LINE, 0.0)
    for index in range(5):
        watch.take(make_frame(DriverStateMessage(11), index / 10))
        view.refresh(watch, LINE, index / 10)
    view.refresh(watch, LINE, 3.0)
    view.end(watch.summary(3.0, LINE))

    text = "".join(ElementTree.parse(path).getroot().itertext()).replace("\u00a0", " ")
    assert "NO DRIVER" in text
    assert "UNKNOWN" not in text
    assert "url(http" not in path.read_text().replace('"', "")  # no font is fetched


def test_silence_is_drawn_too(tmp_path: Path) -> None:
    path = tmp_path / "view.svg"
    view, watch = PictureView(path), Watch(0.0)
    view.refresh(watch, LINE, 1.0)
    view.end(watch.summary(1.0, LINE))
    assert "UNKNOWN" in path.read_text()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    watch = Watch(0.0)
    with pytest.raises(BridgeError, match=r"view\.png: use a name that ends in \.svg"):
        PictureView(tmp_path / "view.png")
    with pytest.raises(BridgeError, match="nothing was seen"):
        PictureView(tmp_path / "view.svg").end(watch.summary(1.0, LINE))
    view = PictureView(tmp_path / "no" / "view.svg")
    view.refresh(watch, LINE, 1.0)
    with pytest.raises(BridgeError, match="cannot be written"):
        view.end(watch.summary(1.0, LINE))
