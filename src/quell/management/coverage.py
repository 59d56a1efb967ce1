"""``manage.py quell check``: whether the plans of views load what their serializers read."""

from quell.loading.covering import WAY_OUT, Coverage, coverages


def check_views() -> tuple[str, bool]:
    """Return a line for each action with a plan of its own, and whether a plan misses something."""
    found = tuple(coverages())
    lines = [_line(item) for item in found]
    missing = sum(bool(item.problem) for item in found)
    known = sum(not item.unknown for item in found)
    total = f"{known} of {len(found)} declared plans judged, {missing} of which miss something"
    return "\n".join([*lines, *([WAY_OUT] if missing else []), total]), bool(missing)


def _line(item: Coverage) -> str:
    name = f"{item.view.__module__}.{item.view.__qualname__}, {item.action}"
    if item.unknown:
        return f"{name}: not judged, as {item.unknown}"
    return item.problem or f"{name}: loads what {getattr(item.serializer, '__qualname__', '')} reads"
