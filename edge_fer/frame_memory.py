"""Shared memory for frames: without a name, of one fixed size, in no dump and in no swap.

A side that made it smaller would end the other one with SIGBUS at its next look: the size is sealed
before anybody maps it, and a reader maps nothing that is not sealed.
"""

import contextlib
import ctypes
import fcntl
import mmap
import os

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_MLOCK_ONFAULT = 1  # mlock2(2): a page is locked when it is first used


def create(name: str) -> int:
    """Return the descriptor of new, empty memory without a name; OSError where there is none."""
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def seal(memory: int, size: int) -> None:
    """Give the memory its final size, in bytes; OSError where it has another one already."""
    os.ftruncate(memory, size)
    if not is_sealed(memory):
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)


def is_sealed(memory: int) -> bool:
    """Return whether nobody can change its size any more."""
    return fcntl.fcntl(memory, fcntl.F_GET_SEALS) & _SEALS == _SEALS


def attach(memory: int, size: int, *, writes: bool) -> mmap.mmap:
    """Map sealed memory of at least `size` bytes; ValueError for other memory.

    Its pages are left out of core dumps, and locked where the limit (RLIMIT_MEMLOCK) allows it, so
    that no frame reaches a swap device.
    """
    if not is_sealed(memory) or os.fstat(memory).st_size < size:
        raise ValueError(f"the shared memory is not sealed, or too small for {size} bytes")
    access = mmap.PROT_READ | (mmap.PROT_WRITE if writes else 0)
    mapped = mmap.mmap(memory, size, prot=access)
    mapped.madvise(mmap.MADV_DONTDUMP)
    _lock(mapped, size, writes=writes)
    return mapped


def _lock(mapped: mmap.mmap, size: int, *, writes: bool) -> None:
    """Keep what is mapped in memory; the limit may refuse it."""
    if not writes:
        return  # the pages are those of the side that writes, and it locks them
    with contextlib.suppress(AttributeError, ValueError):  # a libc without mlock2
        view = (ctypes.c_char * size).from_buffer(mapped)
        ctypes.CDLL(None).mlock2(
            ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(size), _MLOCK_ONFAULT
        )
