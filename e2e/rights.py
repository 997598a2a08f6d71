"""Launchers that take from a server what a test wants to see missing: rights, or disk space."""

import os
from pathlib import Path


def without_privileges() -> list[str]:
    """Root may write everywhere; without these two capabilities it is bound by the file modes as anybody is."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]


def on_a_small_disk(mount_point: Path, kilobytes: int) -> list[str]:
    """The program sees its own file system of this size at the mount point; nobody else does."""
    mount_point.mkdir(parents=True, exist_ok=True)
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = f'mount -t tmpfs -o size={kilobytes}k tmpfs "$1" && shift && exec "$@"'
    return [*namespace, "sh", "-c", script, "sh", str(mount_point)]
