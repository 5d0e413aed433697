"""Judges the lines of `edge-fer demo --json`: frames came, none spoilt, and a driver was seen.

usage: demo_is_good.py DEMO.jsonl
"""

import json
import sys
from pathlib import Path

summary = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[-1])["summary"]
print(
    {name: summary[name] for name in ("seconds", "frames", "good_frames", "crc_failures", "states")}
)
good = summary["frames"] > 20 and summary["good_frames"] == summary["frames"]
sys.exit(0 if good and "attentive" in summary["states"] else "the demo did not run as it should")
