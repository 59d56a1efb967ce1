"""Routes of the profiled pages."""

from django.urls import path, re_path

from tests.profiled import revisited, streams, views

_PAGES = """
    tickets good template raises exits private unauthorized forbidden post_only moved writes writes_elsewhere
    durable services logout closes thread random_order nonce shows_queries header shows_cache forgets counts
    filtered defeated own_comments only_values loop comments shows_sql swallows
    counts_twice choices cached on_one_line template_line
"""
_STREAMS = "asynchronous asynchronous_writes stream stream_counts asynchronous_stream endless file"
_REVISITED = "writes_once writes_once_by_session writes_once_by_cookie writes_nothing writes_and_fails age"

urlpatterns = [
    *(path(f"{name}/", getattr(views, name)) for name in _PAGES.split()),
    *(path(f"{name}/", getattr(streams, name)) for name in _STREAMS.split()),
    *(path(f"{name}/", getattr(revisited, name)) for name in _REVISITED.split()),
    path("ticket/<int:pk>/", views.ticket),
    path("grüße/", views.unicode),
    re_path(r"^old/tickets/$", views.tickets),
    re_path(r"^ordered/(?:by/(?P<order>title)/)?$", views.good),
    re_path(r"^by/(?P<order>title)/$", views.good),
    path("bye/", views.logout, name="logout"),
]
