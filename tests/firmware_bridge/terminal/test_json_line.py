"""A line of JSON is written whole."""

import io

from firmware_bridge.terminal.json_line import write_json_line


class Pieces(io.StringIO):
    """Remembers what each write was given."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


def test_object_and_end_of_line_are_one_write() -> None:
    out = Pieces()
    write_json_line(out, {"a": 1})
    assert out.pieces == ['{"a": 1}\n']
