"""Folds findings into Redis, by one script per batch."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, fields
from typing import Any

import redis

from quell.store.folding import Batch, StoreUnavailableError
from quell.store.totals import DAYS_KEPT_SECONDS, HOURS_KEPT_SECONDS, Facts, Folded, Total, days_of

logger = logging.getLogger("quell")
# One slot of a cluster, as a script may use the keys of one only.
PREFIX = "{quell}:"
_TIMEOUT_SECONDS = 2.0
_BATCH_KEPT_SECONDS = 86_400
# What Redis has written before a script fails stays written. So the script looks at everything first, writes nothing
# where a key is not what quell wrote, and marks the batch as folded at the end: a batch that failed is folded whole
# when it is handed over again. Whether Redis may write at all (a replica, no memory) the first write tells.
# Numbers go as texts, as Lua would round large ones.
_FOLD = """
local prefix, number, kept_hours, kept_days, kept_batch = ARGV[1], ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local index, marker = prefix .. 'findings', prefix .. 'batch:' .. number
if redis.call('EXISTS', marker) == 1 then return '' end

local function is_of(kind, key)
  local found = redis.call('TYPE', key).ok
  return found == 'none' or found == kind
end
local function has_numbers(key, names)
  for _, text in ipairs(redis.call('HMGET', key, unpack(names))) do
    if text and not (#text <= 18 and (text == '0' or string.match(text, '^-?[1-9]%d*$'))) then return false end
  end
  return true
end
local function is_trend(key, numbers)
  if not is_of('hash', key) then return false end
  for _, item in ipairs(numbers) do
    if not has_numbers(key, {item[1] .. ':requests', item[1] .. ':saved'}) then return false end
  end
  return true
end
local counted = {'requests', 'queries', 'saved', 'worst', 'first_seen', 'last_seen'}
local items = cjson.decode(ARGV[3])
if not is_of('zset', index) then return index end
for _, item in ipairs(items) do
  local key, hours = prefix .. 'finding:' .. item.key, prefix .. 'hours:' .. item.key
  local days = prefix .. 'days:' .. item.key
  if not is_of('hash', key) or not has_numbers(key, counted) then return key end
  if not is_trend(hours, item.hours) then return hours end
  if not is_trend(days, item.days) then return days end
end

local function add(key, numbers, oldest)
  for _, item in ipairs(numbers) do
    local start, requests, saved = item[1], item[2], item[3]
    if redis.call('HINCRBY', key, start .. ':requests', requests) == tonumber(requests) then
      for _, name in ipairs(redis.call('HKEYS', key)) do
        local begun = string.match(name, '^%d+')
        if begun and tonumber(begun) < oldest then redis.call('HDEL', key, name) end
      end
    end
    redis.call('HINCRBY', key, start .. ':saved', saved)
  end
  redis.call('EXPIRE', key, kept_days)
end

for _, item in ipairs(items) do
  local key = prefix .. 'finding:' .. item.key
  local known = redis.call('HMGET', key, 'worst', 'first_seen', 'last_seen')
  redis.call('HSET', key, 'facts', item.facts)
  redis.call('HINCRBY', key, 'requests', item.requests)
  redis.call('HINCRBY', key, 'queries', item.queries)
  redis.call('HINCRBY', key, 'saved', item.saved)
  if tonumber(item.worst) > tonumber(known[1] or 0) then redis.call('HSET', key, 'worst', item.worst) end
  if not known[2] or tonumber(item.first_seen) < tonumber(known[2]) then
    redis.call('HSET', key, 'first_seen', item.first_seen, 'first_release', item.release)
  end
  if tonumber(item.last_seen) >= tonumber(known[3] or 0) then
    redis.call('HSET', key, 'last_seen', item.last_seen, 'release', item.release)
  end
  redis.call('EXPIRE', key, kept_days)
  local now = tonumber(item.last_seen)
  add(prefix .. 'hours:' .. item.key, item.hours, now - kept_hours)
  add(prefix .. 'days:' .. item.key, item.days, now - kept_days)
  redis.call('ZADD', index, item.last_seen, item.key)
end
redis.call('SET', marker, 1, 'EX', kept_batch)
return ''
"""


class RedisStore:
    """
    Folds into a Redis of version 6 or later, or what speaks like one.

    Args:
        url: As ``redis.Redis.from_url()`` takes it.

    Raises:
        ValueError: If it takes the URL, and could never connect by it.

    Cost: one round trip per batch.
    """

    def __init__(self, url: str) -> None:
        given: dict[str, Any] = {
            "socket_timeout": _TIMEOUT_SECONDS,
            "socket_connect_timeout": _TIMEOUT_SECONDS,
            "decode_responses": True,
        }
        try:
            # Options of the URL are read where a connection is made, which does not connect yet; by a pool of its
            # own, as one that is made counts as used.
            redis.ConnectionPool.from_url(url, **given).make_connection()
        except (AttributeError, TypeError, redis.RedisError) as error:
            raise ValueError(*error.args) from error
        self._client: Any = redis.Redis.from_url(url, **given)
        self._fold = self._client.register_script(_FOLD)

    def fold(self, batch: Batch) -> None:
        """
        Add a batch, once.

        Raises:
            StoreUnavailableError: If Redis does not answer, or refuses.
        """
        items = json.dumps([_item(total) for total in batch.totals])
        kept = (HOURS_KEPT_SECONDS, DAYS_KEPT_SECONDS, _BATCH_KEPT_SECONDS)
        try:
            broken = self._fold(keys=[f"{PREFIX}findings"], args=[PREFIX, batch.number, items, *kept])
        except redis.RedisError as error:
            raise StoreUnavailableError(type(error).__name__) from error
        finally:
            self._disconnect()
        if broken:
            msg = f"its key {broken} is not what quell wrote: delete it"
            raise StoreUnavailableError(msg)

    def findings(self) -> Iterator[Folded]:
        """
        Yield all that is known, the finding that was seen last first; what is not as quell wrote it is logged.

        Raises:
            StoreUnavailableError: If Redis does not answer, or refuses.

        Cost: one round trip, and one per finding.
        """
        try:
            for key in self._client.zrevrange(f"{PREFIX}findings", 0, -1):
                if (found := self._read(key)) is not None:
                    yield found
        except redis.RedisError as error:
            raise StoreUnavailableError(type(error).__name__) from error
        finally:
            self._disconnect()

    def _read(self, key: str) -> Folded | None:
        """Return a finding, or nothing where it is forgotten or broken."""
        pipeline = self._client.pipeline(transaction=True)
        for name in ("finding", "hours", "days"):
            pipeline.hgetall(f"{PREFIX}{name}:{key}")
        try:
            answers = pipeline.execute(raise_on_error=False)
            for answer in answers:
                # An answer that is an error is about one key.
                if isinstance(answer, redis.ResponseError) and str(answer).startswith("WRONGTYPE"):
                    raise ValueError(str(answer))
                if isinstance(answer, Exception):
                    raise answer
            if answers[0]:
                return _folded(*answers)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            logger.warning(
                "The finding %s in the Redis of QUELL_STORE is not what quell wrote, and is left out (%s).",
                f"{PREFIX}finding:{key}",
                told,
            )
            return None
        # Not seen for so long that it is forgotten. A replica does not take the end of it, and gets it anyway.
        with suppress(redis.ResponseError):
            self._client.zrem(f"{PREFIX}findings", key)
        return None

    def _disconnect(self) -> None:
        """Hold no connection between batches, which are seconds apart: there are many processes."""
        self._client.connection_pool.disconnect()


def _item(total: Total) -> dict[str, object]:
    numbers = ("requests", "queries", "saved", "worst", "first_seen", "last_seen")
    return {
        "key": total.facts.key,
        "facts": json.dumps(asdict(total.facts)),
        "release": total.release,
        **{name: str(getattr(total, name)) for name in numbers},
        "hours": _rows(total.hours.items()),
        "days": _rows(days_of(total.hours).items()),
    }


def _rows(numbers: Iterable[tuple[int, tuple[int, int]]]) -> list[list[str]]:
    return [[str(start), str(requests), str(saved)] for start, (requests, saved) in numbers]


def _folded(found: dict[str, str], hours: dict[str, str], days: dict[str, str]) -> Folded:
    names = {item.name for item in fields(Facts)}
    # Another version of quell may have written more.
    facts = {name: text for name, text in json.loads(found["facts"]).items() if name in names}
    total = Total(
        facts=Facts(**facts),
        release=found["release"],
        requests=int(found["requests"]),
        queries=int(found["queries"]),
        saved=int(found["saved"]),
        worst=int(found.get("worst", 0)),
        first_seen=int(found["first_seen"]),
        last_seen=int(found["last_seen"]),
        hours=_numbers(hours),
    )
    return Folded(total=total, first_release=found["first_release"], days=_numbers(days))


def _numbers(found: dict[str, str]) -> dict[int, tuple[int, int]]:
    starts = sorted({int(name.partition(":")[0]) for name in found})
    return {
        start: (int(found.get(f"{start}:requests", 0)), int(found.get(f"{start}:saved", 0)))
        for start in starts
    }
