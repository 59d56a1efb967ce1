"""List the GET pages of django-machina and of its admin."""

from collections.abc import Iterator, Mapping

from crawling import admin_pages
from django.contrib.auth.models import User
from django.urls import reverse
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post, Topic
from protocol import Page

from apps.machina.populate import HUB, STAFF

LIBRARIES = ("mptt", "haystack", "widget_tweaks")
PLAIN_PAGES = (
    "forum:index", "forum_feeds:latest_topics", "forum_member:profile_update",
    "forum_member:user_subscriptions", "forum_moderation:queue", "forum_search:search",
    "forum_tracking:unread_topics", "forum_tracking:mark_all_forums_read",
)  # fmt: skip
TOPIC_PAGES = (
    "forum_moderation:topic_delete", "forum_moderation:topic_lock", "forum_moderation:topic_move",
)  # fmt: skip


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hub = Topic.objects.get(subject=HUB)
    forum, staff = hub.forum, User.objects.get(username=STAFF)
    return {
        **{name: Page(reverse(name)) for name in PLAIN_PAGES},
        **{name: Page(reverse(name, kwargs={"slug": hub.slug, "pk": hub.pk})) for name in TOPIC_PAGES},
        "search for all": Page(f"{reverse('forum_search:search')}?q=Text"),
        "forum": Page(reverse("forum:forum", kwargs={"slug": forum.slug, "pk": forum.pk})),
        "profile": Page(reverse("forum_member:profile", args=[staff.pk])),
        "user posts": Page(reverse("forum_member:user_posts", args=[staff.pk])),
        **dict(_topic_pages(hub)),
        **dict(admin_pages({Forum: forum, Topic: hub, User: staff, Post: hub.posts.earliest("pk")})),
    }


def _topic_pages(hub: Topic) -> Iterator[tuple[str, Page]]:
    forum = {"forum_slug": hub.forum.slug, "forum_pk": hub.forum.pk}
    topic = {**forum, "topic_slug": hub.slug, "topic_pk": hub.pk}
    post = hub.posts.earliest("pk")
    own = {**forum, "slug": hub.slug, "pk": hub.pk}
    yield "topic", Page(reverse("forum_conversation:topic", kwargs=own))
    yield "topic update", Page(reverse("forum_conversation:topic_update", kwargs=own))
    yield "topic create", Page(reverse("forum_conversation:topic_create", kwargs=forum))
    yield "post create", Page(reverse("forum_conversation:post_create", kwargs=topic))
    yield "post update", Page(reverse("forum_conversation:post_update", kwargs={**topic, "pk": post.pk}))
    yield "feed of a forum", Page(reverse("forum_feeds:forum_latest_topics", kwargs=forum))
    waiting = hub.posts.filter(approved=False).earliest("pk")
    yield "queued post", Page(reverse("forum_moderation:queued_post", args=[waiting.pk]))
