"""Fill django-wiki: n articles below the root, each with an owner, and a hub article with n of everything."""

import datetime
import io

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.db import transaction
from django_nyt.models import Notification, NotificationType, Settings, Subscription
from PIL import Image as Picture
from wiki.models import Article, ArticleRevision, URLPath
from wiki.plugins.attachments.models import Attachment, AttachmentRevision
from wiki.plugins.images.models import Image, ImageRevision
from wiki.plugins.notifications.models import ArticleSubscription

STAFF = "staff"
LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HUB = "hub"


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until each list has n rows; the hub article gets n children, revisions, files and images."""
    staff = User.objects.filter(username=STAFF).first() or _create_hub()
    hub = URLPath.objects.get(slug=HUB)
    for index in range(Group.objects.count(), n):
        user = User.objects.create_user(f"user{index:03}", f"user{index:03}@example.com")
        group = Group.objects.create(name=f"Group {index:03}")
        # Few revisions each: the global history shows 30, and has to grow.
        top = _create(URLPath.root(), f"top{index:03}", user, group)
        _create(hub, f"child{index:03}", user, group)
        _add_all(hub.article, user, index)
        deleted = _create(URLPath.root(), f"deleted{index:03}", user, group)
        deleted.article.add_revision(ArticleRevision(title="Gone", deleted=True, user=user))
        _subscribe(user, hub.article, index)
        _subscribe(staff, top.article, index)
    # A page that shows how many seconds ago something was made is another one each second.
    for model in (Article, ArticleRevision, AttachmentRevision, ImageRevision, Notification):
        model.objects.update(created=LONG_AGO)
    for model in (Article, ArticleRevision, AttachmentRevision, ImageRevision):
        model.objects.update(modified=LONG_AGO)


def _create_hub() -> User:
    Site.objects.get_or_create(pk=1, defaults={"domain": "testserver", "name": "testserver"})
    staff = User.objects.create_superuser(STAFF, "staff@example.com", "staff")
    root = URLPath.create_root(title="Root", content="[article_list depth:2]")
    text = "# One\n\n[toc]\n\n[article_list depth:2]\n\n[wiki:/top000 first] [[top000]]"
    URLPath.create_urlpath(root, HUB, title="Hub", content=text, user_message="", user=staff)
    return staff


def _create(parent: URLPath, slug: str, user: User, group: Group) -> URLPath:
    return URLPath.create_urlpath(
        parent,
        slug,
        title=slug,
        content=f"Text of {slug}",
        user_message="made",
        user=user,
        article_kwargs={"owner": user, "group": group, "group_read": True, "other_read": True},
    )


def _add_all(article: Article, user: User, index: int) -> None:
    revision = ArticleRevision(title=f"Title {index}", content=article.current_revision.content, user=user)
    article.add_revision(revision)
    attachment = Attachment.objects.create(article=article, original_filename=f"file{index}.txt")
    attachment.articles.add(article)
    for target in (attachment, Attachment.objects.filter(article=article).earliest("pk")):
        file = ContentFile(b"text", name=f"file{index}-{target.pk}.txt")
        AttachmentRevision.objects.create(attachment=target, file=file, description="About", user=user)
    image = Image.objects.create(article=article)
    for target in (image, Image.objects.filter(article=article).earliest("pk")):
        target.add_revision(ImageRevision(plugin=target, image=_picture(index), user=user))


def _picture(index: int) -> ContentFile:
    data = io.BytesIO()
    Picture.new("RGB", (8, 8)).save(data, "PNG")
    return ContentFile(data.getvalue(), name=f"image{index}.png")


def _subscribe(user: User, article: Article, index: int) -> None:
    settings = Settings.get_default_setting(user)
    kind = ContentType.objects.get_for_model(Article)
    name, _ = NotificationType.objects.get_or_create(
        key=f"edit{index}", defaults={"label": f"Edit {index}", "content_type": kind}
    )
    subscription = Subscription.objects.create(
        settings=settings, notification_type=name, object_id=article.pk
    )
    ArticleSubscription.objects.create(article=article, subscription=subscription)
    Notification.objects.create(subscription=subscription, user=user, message=f"News {index}", url="/")
