"""What the models of the page stand between: what a ticket has, and what belongs to it."""

from django.db import models


class Organization(models.Model):
    """Whom a customer works for."""

    name = models.CharField(max_length=50)

    class Meta:
        app_label = "helpdesk"


class Customer(models.Model):
    """Somebody who has a problem, or says something about one."""

    name = models.CharField(max_length=50)
    organization = models.ForeignKey(Organization, models.CASCADE)

    class Meta:
        app_label = "helpdesk"


class Tag(models.Model):
    """A word."""

    name = models.CharField(max_length=50)

    class Meta:
        app_label = "helpdesk"


class TicketFields(models.Model):
    """What the page leaves out of its models."""

    subject = models.CharField(max_length=50)
    status = models.CharField(max_length=10, default="open")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="%(class)ss")
    tags = models.ManyToManyField(Tag, related_name="%(class)ss")

    class Meta:
        abstract = True


class CommentFields(models.Model):
    """What somebody says about a ticket."""

    body = models.TextField()
    is_public = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    author = models.ForeignKey(Customer, models.CASCADE)

    class Meta:
        abstract = True
