"""The states of the last ten minutes, and the senses."""

from edge_fer.driver_state.states import DriverState, Reason
from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition, EyeReading, EyesReading, FaceBox, HeadPose
from edge_fer.preview.bus import HISTORY_S, StateHistory
from edge_fer.preview.senses import Sense, Senses

EMPTY = Scene(0.0, DriverState.NOT_READY, Reason.STARTED, 0.0, CameraCondition.GOOD)
EYE = EyeReading(0.3, 0.1, None, None, 0.9, 30.0)


def test_states_follow_each_other_without_gaps() -> None:
    history = StateHistory()
    for tick in range(40):
        history.add("attentive" if tick < 20 else "drowsy", tick / 10)
    spans = [(span.label, span.start_s, span.end_s) for span in history.spans(4.0)]
    assert spans == [("attentive", 0.0, 2.0), ("drowsy", 2.0, 3.9)]


def test_where_no_frame_came_nothing_is_claimed() -> None:
    history = StateHistory()
    history.add("attentive", 0.0)
    history.add("attentive", 30.0)
    assert [(span.start_s, span.end_s) for span in history.spans(30.0)] == [
        (0.0, 0.0),
        (30.0, 30.0),
    ]


def test_it_forgets_what_is_older_than_ten_minutes() -> None:
    history = StateHistory()
    for second in range(2000):
        history.add("attentive" if second % 20 < 10 else "low", float(second))
    spans = history.spans(1999.0)
    assert len(spans) == HISTORY_S / 10 + 1
    assert spans[0].start_s == 1999.0 - HISTORY_S
    assert spans[-1].end_s == 1999.0


def test_each_sense_is_followed_by_itself() -> None:
    senses = Senses()
    assert senses.now() == (Sense("face", None), Sense("head", None), Sense("eyes", None))
    face = {"box": FaceBox(0, 0, 9, 9, 1.0), "head": HeadPose(0, 0, 0)}
    senses.take(Scene(0, EMPTY.state, EMPTY.reason, 0, EMPTY.camera, **face), 10.0)  # type: ignore[arg-type]
    senses.take(EMPTY, 13.0)
    assert senses.now() == (Sense("face", 3.0), Sense("head", 3.0), Sense("eyes", None))
    eyes = EyesReading(None, EYE)
    senses.take(Scene(0, EMPTY.state, EMPTY.reason, 0, EMPTY.camera, eyes=eyes), 14.0)
    assert senses.now()[2] == Sense("eyes", 0.0)
    senses.take(None, 16.0)
    assert senses.now() == (Sense("face", 6.0), Sense("head", 6.0), Sense("eyes", 2.0))
