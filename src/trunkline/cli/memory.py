"""How the gateway's process holds its memory: what it gives back to the system, what is collected."""

import ctypes
import gc

# Of mallopt(3), in glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
# Bodies up to this size come from the heap, larger ones from the system and go back to it at once.
_FROM_HEAP = 4 << 20
# What may lie free at the heap's end.
_KEPT = 16 << 20
_STEP = 1 << 20
# A request makes some twenty objects that the collector counts and reference counting frees: at
# the default of 700 it would look at the young ones for every 35th request, and find nothing.
_COLLECT = (5_000, 20, 20)


def keep_freed() -> bool:
    """
    Let malloc keep a body's memory for the next body.

    By itself glibc returns the end of the heap as soon as a few bodies are free there, and the
    next ones are paid for page by page: 37 page faults for each body of 200 KB under load. False
    where the C library has no mallopt (musl, macOS).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = ((_MMAP_THRESHOLD, _FROM_HEAP), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, _STEP))
    told = [mallopt(name, size) for name, size in wanted]
    return told == [1] * len(wanted)


def settle() -> None:
    """
    Once all is started.

    What start-up made lives for ever: the collector need not walk it again and again, each time
    for milliseconds in which no stream moves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
