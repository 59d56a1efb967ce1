"""The page of the panel that shows a line of code with what is around it."""

import tokenize
from pathlib import Path

from debug_toolbar.decorators import render_with_toolbar_language, require_show_toolbar
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from quell.contrib.debug_toolbar.facts import SALT
from quell.reporting.text import relative

_AROUND = 15


@login_not_required
@require_show_toolbar
@render_with_toolbar_language
def source(request: HttpRequest) -> HttpResponseBase:
    """Show the line that a signed key names; whoever did not get one from the panel can read no file."""
    try:
        spot = signing.loads(request.GET.get("spot", ""), salt=SALT)
    except signing.BadSignature:
        return HttpResponseBadRequest(_("The key of this line is not valid."))
    file, line = spot["file"], spot["line"]
    context = {"file": relative(file), "line": line, "lines": _lines(file, line)}
    return JsonResponse({"content": render_to_string("quell/toolbar/source.html", context)})


def _lines(file: str, line: int) -> list[tuple[int, str]]:
    """Return the lines around one, with their numbers; none where the file cannot be read."""
    try:
        if file.endswith((".py", ".pyi")):
            with tokenize.open(file) as text:
                read = text.read().splitlines()
        else:
            read = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, SyntaxError, UnicodeDecodeError):
        # It is gone, or comes from a loader without files.
        return []
    first = max(line - _AROUND, 1)
    return list(enumerate(read[first - 1 : line + _AROUND], first))
