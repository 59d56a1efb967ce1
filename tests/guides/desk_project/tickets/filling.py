"""Rows for the desk."""

from tickets.models import Article, Comment, Customer, Post, PostComment, Ticket


def add_tickets(count):
    """Add tickets, of which every second is closed, with a customer and two comments each."""
    for number in range(count):
        customer = Customer.objects.create(email=f"customer{number}@example.org")
        status = ("open", "closed")[number % 2]
        ticket = Ticket.objects.create(title=f"Ticket {number}", status=status, customer=customer)
        Comment.objects.bulk_create(Comment(ticket=ticket, text=text) for text in ("Please", "Thanks"))


def add_everything():
    """Add some rows of each kind."""
    add_tickets(4)
    for number in range(4):
        post = Post.objects.create(title=f"Post {number}")
        PostComment.objects.bulk_create(PostComment(post=post, is_public=flag) for flag in (True, False))
        Article.objects.create(title=f"Article {number}", body="A long text. " * 100)
