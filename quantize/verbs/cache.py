"""The verb `cache`: where parsed data is kept, how much it is, and clearing it."""

import json

from quantize.data.cache import MOST_BYTES, cache_folder, clear_cache, entries


def cache_verb(*, clear: bool, json_output: bool) -> None:
    """Print the cache's folder, its entries and their size; with `clear`, delete them first."""
    freed = clear_cache() if clear else 0
    found = entries()
    size = sum(entry.stat().st_size for entry in found)
    if json_output:
        values = {
            "folder": str(cache_folder()),
            "entries": len(found),
            "bytes": size,
            "most_bytes": MOST_BYTES,
            "freed_bytes": freed,
        }
        print(json.dumps(values, indent=2))
        return
    if clear:
        print(f"{cache_folder()}: {freed / 1e6:.1f} MB deleted")
        return
    print(
        f"{cache_folder()}: {len(found)} data sets, {size / 1e6:.1f} of {MOST_BYTES / 1e6:,.0f} MB"
        " (EDGE_FER_CACHE: another folder; --clear: delete them)"
    )
