"""Fill django-machina: n forums, and a hub forum and a hub topic with n of everything."""

import datetime

from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.db import transaction
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.forum_attachments.models import Attachment
from machina.apps.forum_conversation.forum_polls.models import TopicPoll, TopicPollOption, TopicPollVote
from machina.apps.forum_conversation.models import Post, Topic
from machina.apps.forum_permission.models import ForumPermission, GroupForumPermission, UserForumPermission
from machina.apps.forum_tracking.models import ForumReadTrack, TopicReadTrack

STAFF = "staff"
HUB = "Hub"
# A page that tells how old a post is would be another one in each second.
LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until each list has n rows; the hub topic gets n posts, options and attachments."""
    staff = User.objects.filter(username=STAFF).first() or _create_hub()
    hub = Topic.objects.get(subject=HUB)
    for index in range(Group.objects.count(), n):
        user = User.objects.create_user(f"user{index:03}", f"user{index:03}@example.com")
        group = Group.objects.create(name=f"Group {index:03}")
        own = Forum.objects.create(name=f"Forum {index:03}", type=Forum.FORUM_POST)
        Forum.objects.create(name=f"Below {index:03}", type=Forum.FORUM_POST, parent=hub.forum)
        for forum in (own, hub.forum):
            topic = _create_topic(forum, f"Topic {index:03}", user)
            topic.subscribers.add(staff, user)
            TopicReadTrack.objects.create(user=user, topic=topic)
        ForumReadTrack.objects.create(user=user, forum=own)
        _create_post(hub, user, index)
        _create_post(_create_topic(own, f"Mine {index:03}", staff), staff, index)
        waiting = _create_post(hub, user, index)
        Post.objects.filter(pk=waiting.pk).update(approved=False)
        _create_vote(hub, user, index)
        _grant(user, group, own, index)
    for model in (Forum, Topic, Post):
        model.objects.update(created=LONG_AGO, updated=LONG_AGO)


def _create_hub() -> User:
    staff = User.objects.create_superuser(STAFF, "staff@example.com", "staff")
    forum = Forum.objects.create(name=HUB, type=Forum.FORUM_POST)
    topic = _create_topic(forum, HUB, staff)
    TopicPoll.objects.create(topic=topic, question="Which?")
    return staff


def _create_topic(forum: Forum, subject: str, poster: User) -> Topic:
    topic = Topic.objects.create(
        forum=forum, subject=subject, poster=poster, type=Topic.TOPIC_POST, status=Topic.TOPIC_UNLOCKED
    )
    Post.objects.create(topic=topic, subject=subject, content="First", poster=poster)
    return topic


def _create_post(topic: Topic, poster: User, index: int) -> Post:
    post = Post.objects.create(topic=topic, subject=f"Post {index}", content=f"Text {index}", poster=poster)
    for each in (post, Post.objects.filter(topic=topic).earliest("pk")):
        Attachment.objects.create(post=each, file=ContentFile(b"text", name=f"file{each.pk}-{index}.txt"))
    return post


def _create_vote(topic: Topic, voter: User, index: int) -> None:
    option = TopicPollOption.objects.create(poll=topic.poll, text=f"Option {index}")
    TopicPollVote.objects.create(poll_option=option, voter=voter)


def _grant(user: User, group: Group, forum: Forum, index: int) -> None:
    permissions = list(ForumPermission.objects.order_by("pk"))
    permission = permissions[index % len(permissions)]
    UserForumPermission.objects.create(permission=permission, user=user, forum=forum)
    GroupForumPermission.objects.create(permission=permission, group=group, forum=forum)
