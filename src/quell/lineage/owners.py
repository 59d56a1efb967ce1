"""
Whose rows a prefetched queryset holds, where Django gives no true hint of it.

Every row gets a queryset of its own with its prefetched rows, and a call such as ``filter()`` begins with that one.
Those made from the queryset of a ``Prefetch`` share one dictionary of hints, so that all of them name the last row;
those of a generic relation have no hint at all.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from quell.introspection.managers import cache_name
from quell.lineage.sites import ATTRIBUTE, Site

_NOWHERE = Site(None, 0)


def name_owners(instances: Sequence[Model], prefetcher: Any, lookup: Any, level: int) -> None:
    """Tell each prefetched queryset of one level to which row it belongs, where its hints do not."""
    if not (lookup.get_current_querysets(level) or hasattr(prefetcher, "object_id_field_name")):
        return
    accessor, is_attribute = lookup.get_current_to_attr(level)
    if is_attribute:
        return
    name = cache_name(type(instances[0]), accessor)
    for instance in instances:
        held = instance.__dict__.get("_prefetched_objects_cache", {}).get(name)
        if held is None:
            # A relation to one row holds no queryset.
            return
        # Not its property: that would run the filter which Django puts off.
        query = held._query
        site = query.__dict__.get(ATTRIBUTE) or _NOWHERE
        setattr(query, ATTRIBUTE, Site(site.code, site.lasti, site.node, instance))
