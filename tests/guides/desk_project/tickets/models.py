"""What the examples of the documentation are about."""

from django.db import models


class Customer(models.Model):
    """Somebody who has a problem."""

    name = models.CharField(max_length=50)
    email = models.EmailField()

    def __str__(self):
        return self.email


class Ticket(models.Model):
    """A problem that somebody has."""

    title = models.CharField(max_length=50)
    status = models.CharField(max_length=10, default="open")
    sla_breach = models.BooleanField(default=False)
    customer = models.ForeignKey(Customer, models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.title


class Comment(models.Model):
    """What somebody says about a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    text = models.TextField()

    def __str__(self):
        return self.text


class Post(models.Model):
    """Something to say something about."""

    title = models.CharField(max_length=50)

    def __str__(self):
        return self.title


class PostComment(models.Model):
    """What somebody says about a post."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    is_public = models.BooleanField(default=True)

    def __str__(self):
        return f"{self.pk}"


class Tag(models.Model):
    """A word."""

    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Article(models.Model):
    """A title with a long text."""

    title = models.CharField(max_length=50)
    body = models.TextField()

    def __str__(self):
        return self.title
