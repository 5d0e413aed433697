"""The panels of the monitor's view: driver, emotion, request, health, messages, history. Pure."""

import math

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from firmware_bridge.monitor.parts import (
    LABEL,
    LABEL_CELLS,
    NO_VALUE,
    RECEIVER_COLOURS,
    TIMELINE_S,
    duration,
    in_brackets,
    meter,
    named,
    number,
    panel,
    row,
    short_time,
    state_colour,
    three_lines,
    timeline,
)
from firmware_bridge.protocol.frame import id_text
from firmware_bridge.protocol.messages import (
    EMOTION_SIGNALS,
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    FaultCountersMessage,
    HealthMessage,
    LinkTimingMessage,
    PipelineFiguresMessage,
)
from firmware_bridge.reception.watching import Line, Seen, course_name

# A pending request comes each second: after two it was answered, or is no longer asked.
REQUEST_SHOWN_S = 2.0

# The camera unit about itself in detail: the first to do without where there is little room.
DIAGNOSTIC = (
    PipelineFiguresMessage.NAME,
    FaultCountersMessage.NAME,
    DriverEvidenceMessage.NAME,
    LinkTimingMessage.NAME,
)
_NARROW_COUNTS = ("lost", "rep", "crc", "late")


def driver_panel(seen: Seen, width: int) -> Panel:
    """Return the driver's state, its last minute and its evidence."""
    known = seen.latest(DriverStateMessage)
    message = None if known is None else known[0]
    state = None if message is None else message.state
    colour = state_colour(state)
    since_s = seen.history[-1].time_s if seen.history else seen.start_s
    badge = Text.assemble(
        (f" {course_name(state).upper()} ", f"bold black on {colour}"),
        ("  for ", LABEL),
        duration(seen.now_s - since_s),
    )
    shown = DriverStateMessage() if message is None else message
    emotion = named(shown.NAME, "Emotion", shown.emotion)
    face = named(shown.NAME, "Face", shown.face)
    quality = named(shown.NAME, "DriverStateQuality", shown.quality)
    room = width - LABEL_CELLS
    lines = (
        badge,
        row(f"last {TIMELINE_S:.0f} s", timeline(seen.history, seen.now_s, room)),
        row("emotion", emotion + in_brackets(shown.confidence_percent, "%")),
        row("face", f"{face}  quality {quality}"),
        row("drowsiness", meter(shown.drowsiness_percent, room)),
        row("distraction", meter(shown.distraction_percent, room)),
        row(
            "frame age",
            f"{number(shown.source_age_ms, 'ms')}  event {number(shown.event_sequence)}",
        ),
    )
    made = panel(Group(*lines), "DRIVER", colour)
    made.subtitle = _reason(seen, width - 2)  # blanks around it
    made.subtitle_align = "left"
    return made


def emotion_panel(seen: Seen, width: int) -> Panel:
    """Return a bar for each emotion, the strongest one marked."""
    known = seen.latest(EmotionProbabilitiesMessage)
    percents = (EmotionProbabilitiesMessage() if known is None else known[0]).probabilities_percent
    highest = max((percent for percent in percents if percent is not None), default=math.inf)
    room = width - LABEL_CELLS
    lines = [
        row(label.lower(), meter(percent, room, strong=percent == highest))
        for label, percent in zip(EMOTION_SIGNALS, percents, strict=True)
    ]
    missing = _without_emotions(seen)
    made = panel(Group(*lines), "EMOTION" + ("  NOT INFERRED" if missing else ""))
    made.subtitle = Text(missing, "yellow") if missing else _look(seen)
    made.subtitle_align = "left"
    return made


def _without_emotions(seen: Seen) -> str:
    """Return why the camera unit infers no emotions; empty where it does."""
    known = seen.latest(HealthMessage)
    if known is None:
        return ""
    health = known[0]
    if named(health.NAME, "EmotionInference", health.emotion_inference) == "off":
        return "off: driver_state.emotion_states"
    failed = named(health.NAME, "Model", health.model) == "failed"
    return "the network failed" if failed else ""


def request_panel(seen: Seen) -> Panel:
    """Return the present or the latest request of the driver unit."""
    known = seen.latest(DriverRequestMessage)
    if known is None:
        return panel(three_lines(Text("none so far", LABEL)), "REQUEST")
    request, time_s = known
    kind = named(request.NAME, "Type", request.kind)
    if seen.now_s - time_s > REQUEST_SHOWN_S:
        ago = f"last: {kind}, {duration(seen.now_s - time_s)} ago"
        lines = (Text("none pending", LABEL), Text(ago, LABEL), _answer(seen, request))
        return panel(three_lines(*lines), "REQUEST")
    return panel(
        three_lines(
            Text(kind, "bold medium_purple1"),
            Text.assemble(
                f"{named(request.NAME, 'Severity', request.severity)}, id {request.request_id}  ",
                _answer(seen, request),
            ),
            # The reason first: of what does not fit into half of 80 columns the end is cut off.
            Text(
                f"{named(request.NAME, 'Reason', request.reason)},"
                f" valid for {number(request.valid_for_s, 's')}"
            ),
        ),
        "REQUEST",
        "medium_purple1",
    )


def _answer(seen: Seen, request: DriverRequestMessage) -> Text:
    """Return what the vehicle answered to `request`; nothing where it has not."""
    known = seen.latest(ControllerStatusMessage)
    if known is None or known[0].acknowledged_id != request.request_id:
        return Text("")
    answer = named(ControllerStatusMessage.NAME, "Answer", known[0].answer)
    if answer in ("none", NO_VALUE):
        return Text("acknowledged", LABEL)
    return Text(f"answered: {answer}", "bold green3")


def health_panel(seen: Seen, width: int) -> Panel:
    """Return the health of the driver unit, in lines of `width` cells."""
    known = seen.latest(HealthMessage)
    if known is None:
        return panel(three_lines(Text("not received", LABEL)), "HEALTH")
    health = known[0]
    fault = named(health.NAME, "Fault", health.fault)
    degraded = named(health.NAME, "DegradedReason", health.degraded_reason)
    troubled = fault not in ("none", NO_VALUE) or degraded not in ("none", NO_VALUE)
    recording = named(health.NAME, "Recording", health.recording)
    films = recording not in ("off", NO_VALUE)
    watched = named(health.NAME, "Preview", health.preview) == "on"
    made = panel(
        three_lines(
            Text(
                f"camera {named(health.NAME, 'Camera', health.camera)}"
                f"  model {named(health.NAME, 'Model', health.model)}"
            ),
            Text(_figures(health, _stalls(seen), width)),
            Text(f"fault {fault}  degraded {degraded}", "red1" if troubled else LABEL),
        ),
        "HEALTH"
        + (f"  RECORDING {recording.upper()}" if films else "")
        + ("  WATCHED" if watched else ""),
        "red1" if troubled else "grey50",
    )
    # On the border, as at 80 columns no line has room for the longest of it.
    made.subtitle = _setbacks(seen)
    made.subtitle_align = "left"
    return made


def message_panel(seen: Seen, line: Line, *, wide: bool, most: int) -> Panel:
    """Return a table of `most` messages with trust, timing and errors; below it the rest."""
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style=LABEL, show_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("message", no_wrap=True, ratio=1)
    counts = ("lost", "repeated", "crc", "overdue", "gaps", "frames")
    for column in ("state", "rate", "jitter", "age", *(counts if wide else _NARROW_COUNTS)):
        table.add_column(column, justify="right", no_wrap=True)
    by_weight = sorted(seen.statistics, key=lambda message: message.name in DIAGNOSTIC)
    chosen = {message.name for message in by_weight[:most]}
    for message in seen.statistics:
        if message.name not in chosen:
            continue
        cells: list[RenderableType] = [
            id_text(message.can_id),
            message.name,
            Text(message.state.value.replace("_", " "), RECEIVER_COLOURS[message.state]),
            f"{message.rate_hz:.1f}/s" if message.rate_hz else NO_VALUE,
            short_time(message.jitter_s),
            Text(short_time(message.age_s), "red1" if message.is_overdue else "default"),
            _count(message.lost),
            _count(message.repeated),
            _count(message.wrong_crc),
            _count(message.overdue),
        ]
        if wide:
            cells += [_count(message.gaps), str(message.frames)]
        table.add_row(*cells, style=None if message.frames else "grey50")
    made = panel(table, "MESSAGES")
    more = len(seen.statistics) - len(chosen)
    made.subtitle = Text(f"{more} more: s  " if more else "", "gold3").append(_rest(seen, line))
    made.subtitle_align = "left"
    return made


def history_panel(seen: Seen, rows: int) -> Panel:
    """Return the last changes of state, the newest above, in `rows` lines; or in a single one."""
    if rows == 1:
        return panel(_one_line(seen), "HISTORY")
    changes = seen.history[-rows:]
    lines = [
        Text.assemble(
            (f"{duration(seen.now_s - change.time_s) + ' ago':>14}  ", LABEL),
            (course_name(change.state), state_colour(change.state)),
        )
        for change in reversed(changes)
    ]
    lines += [Text("")] * (rows - len(lines))
    return panel(Group(*lines), "HISTORY")


def _one_line(seen: Seen) -> Text:
    """Return the last changes from the newest back, as many as the line has room for."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for change in reversed(seen.history):
        text.append(" ← " if text else "", LABEL)
        text.append(course_name(change.state), state_colour(change.state))
        text.append(f" {duration(seen.now_s - change.time_s)} ago", LABEL)
    return text


def _rest(seen: Seen, line: Line) -> Text:
    """Return the vehicle's word in short, and what came besides our messages."""
    known = seen.latest(ControllerStatusMessage)
    text = Text("vehicle: ", LABEL)
    if known is None:
        text.append("not received", LABEL)
    else:
        status = known[0]
        ignition = named(status.NAME, "Ignition", status.ignition)
        text.append(f"{number(status.speed_km_h, 'km/h', 1)}, ignition {ignition}", "default")
    counters = line.counters
    if seen.unknown_ids:
        text.append(f"  other ids: {seen.unknown_ids}", LABEL)
    if counters.rejected_lines:
        rejected = f"{counters.rejected_lines} lines, {counters.rejected_bytes} bytes"
        text.append(f"  rejected: {rejected}", "yellow")
    if line.connections_lost:
        text.append(f"  port lost: {line.connections_lost}", "yellow")
    return text


def _evidence(seen: Seen) -> DriverEvidenceMessage:
    known = seen.latest(DriverEvidenceMessage)
    return DriverEvidenceMessage() if known is None else known[0]


def _reason(seen: Seen, width: int) -> Text:
    """Return why the state was entered, in words, and for how long each sense has been blind.

    Of several wordings the first that fits into `width` cells.
    """
    if seen.latest(DriverStateMessage) is None:
        return Text(_why_unknown(seen), LABEL)
    evidence = _evidence(seen)
    said = [] if evidence.reason is None else [named(evidence.NAME, "StateReason", evidence.reason)]
    senses = {"eyes": evidence.eyes_unseen_s, "head": evidence.head_unseen_s}
    blind = [f"{sense} unseen {seconds:.0f} s" for sense, seconds in senses.items() if seconds]
    never = [sense for sense, seconds in senses.items() if seconds is None]
    if never and seen.latest(DriverEvidenceMessage) is not None:
        # No driver was there yet, or none of the networks that run can see it.
        blind.append(f"{' and '.join(never)} never seen")
    wordings = [[*said, *blind]]
    if blind:
        unseen = ", ".join(sense for sense, seconds in senses.items() if seconds != 0.0)
        wordings += [[*said, f"{unseen} unseen"], [*said, "…"]]
    texts = [", ".join(words) for words in wordings]
    return Text(next((text for text in texts if len(text) <= width), texts[-1]), LABEL)


def _why_unknown(seen: Seen) -> str:
    """Return why no driver state is known."""
    name = DriverStateMessage.NAME
    message = next(message for message in seen.statistics if message.name == name)
    if not message.frames or message.age_s is None:
        return f"no {name} so far"
    if message.is_overdue:
        return f"last {name} {short_time(message.age_s)} ago"
    return f"{name} not trusted yet"


def _look(seen: Seen) -> Text:
    """Return where the driver looks and what the lids do, as far as it is measured."""
    evidence = _evidence(seen)
    said = []
    if evidence.gaze_yaw_deg is not None and evidence.gaze_pitch_deg is not None:
        said.append(f"gaze {evidence.gaze_yaw_deg:+.0f} {evidence.gaze_pitch_deg:+.0f} °")
    if evidence.lid_opening_percent is not None:
        said.append(f"lids {evidence.lid_opening_percent:.0f} %")
    if evidence.yawns:
        said.append(f"yawns {evidence.yawns}")
    return Text("  ".join(said), LABEL)


def _figures(health: HealthMessage, stalls: str, width: int) -> str:
    """Return rate, latency and temperature with as many of their labels as there is room for."""
    rate, latency = number(health.fps, "fps"), number(health.latency_ms, "ms")
    temperature = number(health.temperature_c, "°C")
    wordings = (
        f"rate {rate}  latency {latency}  temp {temperature}{stalls}",
        f"{rate}  latency {latency}  temp {temperature}{stalls}",
        f"{rate}  {latency}  {temperature}{stalls}",
    )
    return next((text for text in wordings if len(text) <= width), wordings[-1])


def _stalls(seen: Seen) -> str:
    """Return how often the camera fell silent within the last hour; mostly nothing."""
    stalls = _counters(seen).stalls_per_hour
    return f"  stalls {stalls}/h" if stalls else ""


def _setbacks(seen: Seen) -> Text:
    """Return what slows the processor down and how often the daemon came back; mostly nothing."""
    known = seen.latest(PipelineFiguresMessage)
    throttling = None if known is None else known[0].throttling
    name = named(PipelineFiguresMessage.NAME, "Throttling", throttling)
    restarts = _counters(seen).restarts
    said = [] if name in ("none", NO_VALUE) else [name]
    said += [f"restarts {restarts}"] if restarts else []
    return Text("  ".join(said), "yellow")


def _counters(seen: Seen) -> FaultCountersMessage:
    known = seen.latest(FaultCountersMessage)
    return FaultCountersMessage() if known is None else known[0]


def _count(number: int) -> Text:
    return Text(str(number), "yellow" if number else "grey50")
