"""What of the machine itself the promises of SECURITY.md need, as `edge-fer doctor` checks it."""

from pathlib import Path

from edge_fer.doctor.finding import Finding, Level

_SWAP_IN_MEMORY = "/dev/zram"


def check_memory_limits(root: Path = Path("/")) -> Finding:
    """Whether the kernel can hold the service to MemoryMax=; Raspberry Pi OS has that off."""
    controllers = root / "sys/fs/cgroup/cgroup.controllers"
    try:
        found = controllers.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return Finding("memory limits", Level.NOTE, "this machine does not say")
    if "memory" in found:
        return Finding("memory limits", Level.OK, "memory control groups are on")
    text = "no memory control groups: MemoryMax= of the service does nothing"
    remedy = "add cgroup_enable=memory to /boot/firmware/cmdline.txt and reboot"
    return Finding("memory limits", Level.WARNING, text, remedy)


def check_swap(root: Path = Path("/")) -> Finding:
    """Whether memory that holds frames may be written to a disk."""
    try:
        lines = (root / "proc/swaps").read_text(encoding="utf-8").splitlines()[1:]
    except (OSError, ValueError):
        return Finding("swap", Level.NOTE, "this machine does not say")
    disks = [line.split()[0] for line in lines if line and not line.startswith(_SWAP_IN_MEMORY)]
    if not disks:
        return Finding("swap", Level.OK, "none on a disk")
    text = f"{', '.join(disks)}: the service uses none (MemorySwapMax=0), if memory limits are on"
    return Finding("swap", Level.NOTE, text)


def check_config_access(path: Path | None) -> Finding:
    """Whether everybody may read the config: camera.uri may hold a password."""
    if path is None:
        return Finding("config access", Level.OK, "no file")
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Finding("config access", Level.NOTE, f"{path}: {error.strerror}")
    if mode & 0o002:
        text = f"{path}: everybody may write it"
        return Finding("config access", Level.FAILED, text, f"sudo chmod o-rwx {path}")
    if mode & 0o004:
        text = f"{path}: everybody may read it, and camera.uri may hold a password"
        return Finding("config access", Level.NOTE, text, f"sudo chmod o-rwx {path}")
    return Finding("config access", Level.OK, f"{path}: for its owner and group")
