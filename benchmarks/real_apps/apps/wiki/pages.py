"""List the GET pages of django-wiki, of its plugins and of its admin."""

from collections.abc import Iterator, Mapping

from crawling import admin_pages
from django.urls import reverse
from protocol import Page
from wiki.models import Article, ArticleRevision, URLPath
from wiki.plugins.attachments.models import Attachment
from wiki.plugins.images.models import Image

from apps.wiki.populate import HUB

LIBRARIES = ("mptt", "sekizai", "classytags", "sorl", "markdown", "pymdownx", "bleach")
HUB_PAGES = (
    "get", "create", "delete", "edit", "move", "preview", "history", "settings", "source", "dir",
    "attachments_index", "attachments_search", "images_index",
)  # fmt: skip


def pages(n: int) -> Mapping[str, Page]:
    """Return the pages of a database that holds n rows per list."""
    hub = URLPath.objects.get(slug=HUB)
    return {
        **{
            name: Page(reverse(f"wiki:{name}"))
            for name in ("root", "search", "deleted_list", "globalhistory")
        },
        "search for all": Page(f"{reverse('wiki:search')}?q=Text"),
        "links": Page(reverse("wiki:links_query_urlpath", kwargs={"path": ""}) + "?query=t"),
        "signup": Page(reverse("wiki:signup"), user=None),
        "profile": Page(reverse("wiki:profile_update")),
        "notification settings": Page(reverse("wiki:notification_settings")),
        **dict(_hub_pages(hub)),
        **dict(_row_pages(hub)),
        **dict(_admin_pages(hub)),
    }


def _hub_pages(hub: URLPath) -> Iterator[tuple[str, Page]]:
    for name in HUB_PAGES:
        yield name, Page(reverse(f"wiki:{name}", kwargs={"path": hub.path}))
    yield "anonymous get", Page(reverse("wiki:get", kwargs={"path": hub.path}), user=None)
    yield "by id", Page(reverse("wiki:get", kwargs={"article_id": hub.article.pk}))
    yield "history by id", Page(reverse("wiki:history", kwargs={"article_id": hub.article.pk}))
    yield "root dir", Page(reverse("wiki:dir", kwargs={"path": ""}))


def _row_pages(hub: URLPath) -> Iterator[tuple[str, Page]]:
    attachment = Attachment.objects.filter(article=hub.article).earliest("pk")
    image = Image.objects.filter(article=hub.article).earliest("pk")
    revision = ArticleRevision.objects.filter(article=hub.article).earliest("pk")
    yield "diff", Page(reverse("wiki:diff", kwargs={"revision_id": revision.pk}))
    for name in ("history", "replace", "delete"):
        arguments = {"path": hub.path, "attachment_id": attachment.pk}
        yield f"attachment {name}", Page(reverse(f"wiki:attachments_{name}", kwargs=arguments))
    arguments = {"path": hub.path, "image_id": image.pk}
    yield "image replace", Page(reverse("wiki:images_add_revision", kwargs=arguments))
    yield "image purge", Page(reverse("wiki:images_purge", kwargs=arguments))


def _admin_pages(hub: URLPath) -> Iterator[tuple[str, Page]]:
    attachment = Attachment.objects.filter(article=hub.article).earliest("pk")
    image = Image.objects.filter(article=hub.article).earliest("pk")
    yield from admin_pages({URLPath: hub, Article: hub.article, Attachment: attachment, Image: image})
