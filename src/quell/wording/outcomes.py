"""What is said of pages that were run, of proofs of their fixes, and of what somebody chose not to hear of."""

from quell.wording.templates import Part, wording

# Why a fix is not proven.
UNSTABLE = wording("output differs without a change")
PAGE_WRITES = wording("the page writes rows, so it was not run again")
CALL_WRITES = wording("it writes rows, and what it prints is no proof that they are the same")
FIRST_ONLY = wording("only the first visit shows it, which writes rows, so it was not run again")
ONCE = wording("it ran once only: --prove runs it again, with the fixes")
UNTRIABLE = wording("only other code helps here, so there is nothing that a rerun could try")
NO_BATCH = wording("{method}() has no batched answer")
NO_BATCH_OF_CALL = wording("this call() has no batched answer")
BODY = wording("body")
HEADERS = wording("header {names}")
STATUS = wording("status {after} instead of {before}")
OUTPUT_DIFFERS = wording("output differs with the fix: {difference}", difference=Part(BODY, HEADERS, STATUS))
NOT_MET = wording("the queryset to change did not run again")
NOT_FEWER = wording("no fewer queries with the fix: {count} instead of {other}")
STILL_THERE = wording("the pattern is still there with the fix: {pattern}")
BATCHED = wording("proved with batched answers; the code to write is {code}")

# Why a page cannot be judged.
NEEDS_LOGIN = wording("needs a login: name a user with --user")
NEEDS_OTHER_LOGIN = wording("needs a login: name another user with --user")
FORBIDDEN = wording("is forbidden: name a user with --user")
FORBIDDEN_TO_USER = wording("is forbidden: name another user with --user")
NO_PAGE = wording("answers 404: no such page")
NO_GET = wording("accepts no GET")
ANSWERS = wording("answers {status}")
STREAMS = wording("streams for more than {seconds} s")
RAISES = wording("raises {error}")
RAISES_IN_VISIT = wording("raises {error} (a visit is one transaction, as with ATOMIC_REQUESTS)")
RAISES_IN_RUN = wording("raises {error} (a run is one transaction)")
RAISES_WITHOUT_DATABASE = wording("raises {error} (the database {aliases} does not answer)")
QUELL_FAILED = wording("was not judged: quell failed, see the log")
EXCLUDED = wording("is excluded: QUELL_PROFILE_EXCLUDE names it")
EXCLUDED_LOGOUT = wording("is excluded: a logout ends the session of the visitor")
EXCLUDED_TOOL = wording("is excluded: it belongs to a tool that watches queries itself")
EXCLUDED_CATALOG = wording("is excluded: it is a catalogue of translations for scripts, and no page")
SKIPPED_TEST = wording("is skipped")
SKIPPED_TEST_WHY = wording("is skipped: {why}")
FAILED_TEST = wording("fails: {error}")
NO_URL = wording("{url} is no URL: {error}")
_PROBLEMS = (
    NEEDS_LOGIN, NEEDS_OTHER_LOGIN, FORBIDDEN, FORBIDDEN_TO_USER, NO_PAGE, NO_GET, ANSWERS, STREAMS, RAISES,
    RAISES_IN_VISIT, RAISES_IN_RUN, RAISES_WITHOUT_DATABASE, QUELL_FAILED, EXCLUDED, EXCLUDED_LOGOUT,
    EXCLUDED_TOOL, EXCLUDED_CATALOG, SKIPPED_TEST, SKIPPED_TEST_WHY, FAILED_TEST, NO_URL,
)  # fmt: skip
BROKEN_WITH_FIX = wording("with the fix the page {problem}", problem=Part(*_PROBLEMS))

# What is noted of a page that was judged.
WRITES = wording("writes rows")
WRITES_FIRST = wording("writes rows on its first visit")
REDIRECTS = wording("redirects to {target}")
REDIRECTS_TO_ITSELF = wording("redirects to itself")
LASTING = wording("changes the schema of {aliases}, which cannot be rolled back")

# What was silenced, is known, or is out of date.
FINDINGS = wording("{count} finding", "{count} findings")
WAYS = {
    "comment": wording("{count} by comment"),
    "block": wording("{count} by block"),
    "setting": wording("{count} by setting"),
}
_WAYS = Part(*WAYS.values(), between=", ")
SILENCED = wording("{findings} silenced: {ways}", findings=Part(FINDINGS), ways=_WAYS)
KNOWN = wording("{findings} known, and let pass by {baseline}", findings=Part(FINDINGS))
GONE = wording("{baseline} knows {entry}, which is gone: --write-baseline drops it")

DID_YOU_MEAN = wording('Did you mean "{name}"?')
CODES_ARE = wording("The codes of quell are {names}")
ALONE = wording("stands on a line of its own, and silences nothing: write it behind the code")
MEANINGLESS = wording('says "{verb}", which means nothing: write "quell: ignore[Q101]"')
NO_CODE = wording('names no code, and silences nothing: write "quell: ignore[Q101]"')
UNKNOWN_CODE = wording('names the unknown code "{code}". {hint}', hint=Part(DID_YOU_MEAN, CODES_ARE))
STALE = wording("silenced nothing in this run: ignore[{codes}]")
STALE_PATTERN = wording("silenced nothing in this run")
_COMPLAINTS = Part(ALONE, MEANINGLESS, NO_CODE, UNKNOWN_CODE, STALE, STALE_PATTERN)
COMPLAINT = wording("{place} {complaint}", complaint=_COMPLAINTS)

REASONS = (
    UNSTABLE, PAGE_WRITES, CALL_WRITES, FIRST_ONLY, ONCE, UNTRIABLE, NO_BATCH, NO_BATCH_OF_CALL, OUTPUT_DIFFERS,
    NOT_MET, NOT_FEWER, STILL_THERE, BATCHED, BROKEN_WITH_FIX,
)  # fmt: skip
# Where pages disagree, the reason names the page.
OF_PAGES = wording("{pages}: {reason}", reason=Part(*REASONS))
NOTES = (WRITES, WRITES_FIRST, REDIRECTS, REDIRECTS_TO_ITSELF, LASTING)
REMARKS = (SILENCED, KNOWN, GONE, COMPLAINT)
OUTCOMES = (*REASONS, OF_PAGES, *_PROBLEMS, *NOTES, *REMARKS)
