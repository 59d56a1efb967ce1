"""
What findings say.

A message consists of ``CLAUSES`` with ``"; "`` between them.
"""

from quell.wording.templates import Part, wording

ROWS = wording("{count} row", "{count} rows")
# Of a model, whose verbose name may be in the catalogue of its project.
ROWS_OF = wording("{count} {noun}")
_ROWS = Part(ROWS, ROWS_OF)

COST = wording("{count} query, {needed} needed", "{count} queries, {needed} needed")
COST_NONE = wording("{count} query, none needed", "{count} queries, none needed")
_COST = Part(COST, COST_NONE)

COLUMN = wording(
    "{rows} each loaded the column {relation} on their own, which the queryset leaves out", rows=_ROWS
)
HOPS = wording("{rows} each loaded {relation} hop by hop", rows=_ROWS)
# By the method of a related manager; empty for the rows themselves.
LOADS = {
    "": wording("{rows} each loaded their {relation} on their own", rows=_ROWS),
    "count": wording("{rows} each counted their {relation} on their own", rows=_ROWS),
    "exists": wording("{rows} each asked on their own whether there are any of their {relation}", rows=_ROWS),
    "contains": wording("{rows} each searched their {relation} for one row on their own", rows=_ROWS),
    "aggregate": wording("{rows} each computed over their {relation} on their own", rows=_ROWS),
    "first": wording("{rows} each took the first of their {relation} on their own", rows=_ROWS),
    "last": wording("{rows} each took the last of their {relation} on their own", rows=_ROWS),
    "latest": wording("{rows} each took the latest of their {relation} on their own", rows=_ROWS),
    "earliest": wording("{rows} each took the earliest of their {relation} on their own", rows=_ROWS),
    "get": wording("{rows} each got one of their {relation} on their own", rows=_ROWS),
}
# The same, of calls that chose some of the related rows.
LOADS_OF_SOME = {
    "": wording("{rows} each loaded some of their {relation} on their own", rows=_ROWS),
    "count": wording("{rows} each counted some of their {relation} on their own", rows=_ROWS),
}
_LOAD = Part(COLUMN, HOPS, *LOADS.values(), *LOADS_OF_SOME.values())

LOADED = wording("{load}: {cost}", load=_LOAD, cost=_COST)
REPEATED = wording(
    "the same SELECT ran {count} time with the same parameters: {cost}",
    "the same SELECT ran {count} times with the same parameters: {cost}",
    cost=_COST,
)
REPEATED_OF = wording(
    "the same SELECT of {model} ran {count} time with the same parameters: {cost}",
    "the same SELECT of {model} ran {count} times with the same parameters: {cost}",
    cost=_COST,
)
WRITTEN = wording("a loop wrote rows one by one: {cost}", cost=_COST)
WRITTEN_OF = wording("a loop wrote rows of {model} one by one: {cost}", cost=_COST)
LOOPED = wording(
    "a loop ran the same SELECT {count} time: {cost}",
    "a loop ran the same SELECT {count} times: {cost}",
    cost=_COST,
)
LOOPED_OF = wording(
    "a loop ran the same SELECT of {model} {count} time: {cost}",
    "a loop ran the same SELECT of {model} {count} times: {cost}",
    cost=_COST,
)
NUMBERS_OF = wording(
    "{count} number of {model} was asked by itself: one statement has all of them",
    "{count} numbers of {model} were asked one by one: one statement has all of them",
)

BYTES = wording("{count} byte", "{count} bytes")
RELATED = wording("{count} related row", "{count} related rows")
JOINS = wording("{count} join", "{count} joins")
_SIZE = Part(BYTES)
UNREAD_COLUMN = wording("{size} in {rows}, never read", size=_SIZE, rows=Part(ROWS))
UNREAD = wording("{rows}, {size}, never read", rows=Part(RELATED), size=_SIZE)
UNREAD_JOINS = wording(
    "{joins}, {rows}, {size}, never read", joins=Part(JOINS), rows=Part(RELATED), size=_SIZE
)

OPENED = wording("of {opener}")
OPENED_AT = wording("of {opener} at {place}")
_OPENED = Part(OPENED, OPENED_AT)
EFFECTS = {
    "http": wording("an HTTP request ({name})"),
    "mail": wording("mail ({name})"),
    "task": wording("a task for a worker ({name})"),
    "cache": wording("a write to a cache"),
    "subprocess": wording("another process"),
    "network": wording("a connection to a server"),
    "sleep": wording("a sleep of {seconds} s"),
}
EFFECT_TIMES = wording("{effect} {count} time", "{effect} {count} times", effect=Part(*EFFECTS.values()))
EFFECTS_OF_ALL = Part(
    *EFFECTS.values(), EFFECT_TIMES, between=" and ", last=wording("{effects} and {effect}")
)
INSIDE = wording("{effects} inside the transaction {opened}", effects=EFFECTS_OF_ALL, opened=_OPENED)
STATEMENTS = wording("{count} statement", "{count} statements")
LONG = wording(
    "the transaction {opened} was open for {seconds} s, of which the database worked for {other} s, in {statements}",
    opened=_OPENED,
    statements=Part(STATEMENTS),
)

# What follows behind the sentence.
SEPARATE = wording("separate: {rows} share {parents}", rows=_ROWS, parents=_ROWS)
JOINED = wording("joined: {rows} have {parents}", rows=_ROWS, parents=_ROWS)
BEFORE_UNION = wording("write it before .{method}(), on the queryset that begins it")
RAW = wording("raw SQL takes prefetches only")
BARE = wording("the bare select_related() skips nullable foreign keys: name what is needed, {code}")
CHUNKS = wording("give iterator() a chunk_size, which it needs to prefetch")
ASKED_AT = wording("asked at {places}")
LOOP_AT = wording("the loop is at {place}")
RECEIVER = wording("{signal} receiver {name}")
METHOD = wording("{name}()")
AUTO_NOW = wording("auto_now of {name}")
SKIPPED = Part(RECEIVER, METHOD, AUTO_NOW, between=", ")
SKIPS = wording("one statement for all rows skips {skipped}", skipped=SKIPPED)
READ_INSTEAD = wording("read {names} instead")
READ_ALL = wording("read .{name}.all(), which is what a prefetch answers")
CHOOSE = wording("choose among the prefetched rows in Python")

CLAUSES = (
    LOADED, REPEATED, REPEATED_OF, WRITTEN, WRITTEN_OF, LOOPED, LOOPED_OF, NUMBERS_OF, UNREAD_COLUMN, UNREAD,
    UNREAD_JOINS, INSIDE, LONG, SEPARATE, JOINED, BEFORE_UNION, RAW, BARE, CHUNKS, ASKED_AT, LOOP_AT, SKIPS,
    READ_INSTEAD, READ_ALL, CHOOSE,
)  # fmt: skip
