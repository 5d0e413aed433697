"""The colours of states and emotions in plots and videos."""

from collections.abc import Mapping

STATE_COLOURS: Mapping[str, str] = {
    "attentive": "#2e9e4f",
    "distracted": "#ef8a17",
    "drowsy": "#ef8a17",
    "microsleep": "#d62728",
    "asleep": "#d62728",
    "unresponsive": "#d62728",
    "agitated": "#c8551b",
    "anxious": "#d9a400",
    "low": "#4f7fbf",
    "uncertain": "#8e63c7",
    "no driver": "#1f9bcf",
    "camera degraded": "#a3541a",
    "unseen": "#6f7f8f",
}
OTHER_STATE = "#9a9a9a"

# In FER2013 order: angry, disgust, fear, happy, sad, surprise, neutral.
EMOTION_COLOURS = ("#d62728", "#7a9a01", "#8e63c7", "#e8a600", "#1f6fb4", "#e377c2", "#7f7f7f")


def state_colour(label: str) -> str:
    """Return the colour, "#rrggbb", of the state with this label."""
    return STATE_COLOURS.get(label, OTHER_STATE)
