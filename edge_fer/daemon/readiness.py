"""Notifies the service manager of the start, and saves the counters for the next process."""

from edge_fer.daemon.notify import Notifier
from edge_fer.daemon.resume import Resume, ResumeFile
from edge_fer.driver_state.monitor import StateMonitor
from edge_fer.models.attempts import LoadAttempts
from edge_fer.starting import started

SAVE_EVERY_S = 0.2


class Readiness:
    """Sends READY=1 once; from then on `save_resume` stores the counters of the state monitor."""

    def __init__(
        self,
        notifier: Notifier,
        resume: ResumeFile,
        driver: StateMonitor,
        attempts: LoadAttempts | None = None,
    ) -> None:
        self._notifier = notifier
        self._resume = resume
        self._driver = driver
        self._attempts = attempts
        self._ready = False
        self._saved: Resume | None = None
        self._save_s = 0.0

    def notify_ready(self) -> bool:
        """Notify the service manager that the start is done; return whether this is new."""
        if self._ready:
            return False
        self._ready = True
        started()
        self._resume.count()
        self._notifier.send("READY=1")
        if self._attempts is not None:
            self._attempts.ready()
        return True

    def save_resume(self, now_s: float) -> None:
        """Store the counters with which the next process continues if this one is killed."""
        decision = self._driver.decision
        numbers = Resume(decision.event_sequence, decision.request_id, self._driver.quiet_until_s)
        due = numbers != self._saved or now_s >= self._save_s
        if due and self._driver.was_ready:
            self._saved, self._save_s = numbers, now_s + SAVE_EVERY_S
            self._resume.write(numbers, now_s)

    def notify_stopping(self) -> None:
        """Notify the service manager that the daemon is stopping."""
        self._notifier.send("STOPPING=1")

    def end(self) -> None:
        """Remove the file: this is a regular end. After an error, the next start is a restart."""
        self._resume.remove()
