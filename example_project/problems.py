"""The twelve N+1 problems that the help desk shows, each as a naive page and as its fast twin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PageKind(Enum):
    """What renders a page."""

    TEMPLATE = "HTML template"
    DRF = "REST API"
    ADMIN = "Admin changelist"
    ASYNC = "Async view"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One N+1 problem.

    `model` is the `_meta.label` of the queryset to change. `paths` are the lookups below it that run one
    query per object on the slow page, spelled as `prefetch_related()` takes them. Both pages send the same
    bytes, save for the path of the admin site that an admin page belongs to. The other paths lead to the same
    problem in the other form: an API for a page, a page for an API.
    """

    number: int
    slug: str
    title: str
    explanation: str
    kind: PageKind
    slow_path: str
    fast_path: str
    model: str
    paths: tuple[str, ...]
    needs_user: bool = False

    @property
    def other_kind(self) -> PageKind:
        """What renders the other form."""
        return PageKind.TEMPLATE if self.kind in {PageKind.DRF, PageKind.ASYNC} else PageKind.DRF

    @property
    def other_slow_path(self) -> str:
        """The slow path of the other form, which needs no user."""
        return f"/slow/{self.slug}/{self._other}/"

    @property
    def other_fast_path(self) -> str:
        """The fast path of the other form, which needs no user."""
        return f"/fast/{self.slug}/{self._other}/"

    @property
    def is_page(self) -> bool:
        """Whether the problem's own form is rendered by a template of the help desk."""
        return self.kind is PageKind.TEMPLATE

    @property
    def _other(self) -> str:
        return "api" if self.other_kind is PageKind.DRF else "page"


def _page(
    number: int, slug: str, title: str, explanation: str, kind: PageKind, model: str, paths: tuple[str, ...]
) -> Problem:
    return Problem(
        number=number,
        slug=slug,
        title=title,
        explanation=explanation,
        kind=kind,
        slow_path=f"/slow/{slug}/",
        fast_path=f"/fast/{slug}/",
        model=model,
        paths=paths,
    )


PROBLEMS: tuple[Problem, ...] = (
    _page(
        1,
        "ticket-comments",
        "Tickets, their comments, and who wrote them",
        "Nested loops in a template: comments, the author of each, and the author’s organization.",
        PageKind.TEMPLATE,
        "tickets.Ticket",
        ("comments", "comments__author", "comments__author__organization"),
    ),
    _page(
        2,
        "work-orders",
        "Work orders and the people who do them",
        "Serializers inside each other: assignments, the technician of each, and that technician’s user.",
        PageKind.DRF,
        "fieldwork.WorkOrder",
        ("assignments", "assignments__technician", "assignments__technician__user"),
    ),
    _page(
        3,
        "article-views",
        "Articles and how often they were read",
        "A template that counts, with one COUNT per article, and names the author’s organization.",
        PageKind.TEMPLATE,
        "knowledge.KBArticle",
        ("views", "author", "author__organization"),
    ),
    _page(
        4,
        "user-permissions",
        "Users and what they may do",
        "A serializer lists codes of a many-to-many relation, and follows two relations to one row.",
        PageKind.DRF,
        "accounts.User",
        ("permissions", "organization", "profile"),
    ),
    Problem(
        number=5,
        slug="messages",
        title="Messages and their session",
        explanation="Three columns of an admin changelist follow one foreign key after the other.",
        kind=PageKind.ADMIN,
        slow_path="/slow-admin/communication/communicationmessage/",
        fast_path="/fast-admin/communication/communicationmessage/",
        model="communication.CommunicationMessage",
        paths=("session", "session__thread", "session__thread__organization"),
        needs_user=True,
    ),
    _page(
        6,
        "metric-tags",
        "Metrics and their tags",
        "A generic ListView whose template joins the names of a many-to-many relation.",
        PageKind.TEMPLATE,
        "analytics.AnalyticsMetric",
        ("tags", "organization"),
    ),
    _page(
        7,
        "ai-predictions",
        "AI models and what they predict with confidence",
        "A serializer method filters and sorts the related rows, which no plain prefetch can serve.",
        PageKind.DRF,
        "automation.AIModel",
        ("predictions",),
    ),
    _page(
        8,
        "integration-logs",
        "Integrations and their latest call",
        "A model property hides a query for the newest log, a dotted source one for the organization.",
        PageKind.DRF,
        "automation.Integration",
        ("logs", "organization"),
    ),
    _page(
        9,
        "mobile-sessions",
        "Mobile sessions and their data points",
        "An async view with two nested “async for” loops.",
        PageKind.ASYNC,
        "mobile.MobileSession",
        ("data_points",),
    ),
    _page(
        10,
        "security-events",
        "Security events and their audit trail",
        "The loop over related rows hides in an included row template.",
        PageKind.TEMPLATE,
        "security.SecurityEvent",
        ("audit_logs", "user", "user__organization"),
    ),
    _page(
        11,
        "feedback",
        "Feedback, who gave it, and about which ticket",
        "Dotted sources in a serializer: the user, the user’s organization, and the ticket.",
        PageKind.DRF,
        "tickets.CustomerFeedback",
        ("user", "user__organization", "ticket"),
    ),
    _page(
        12,
        "workflow-executions",
        "Workflow runs and how far they got",
        "Harmless looking properties walk through the steps of each run; two columns follow foreign keys.",
        PageKind.TEMPLATE,
        "automation.WorkflowExecution",
        ("steps", "rule", "rule__organization"),
    ),
)

_BY_SLUG = {problem.slug: problem for problem in PROBLEMS}


def get_problem(slug: str) -> Problem:
    """Return the problem of that slug; KeyError for any other."""
    return _BY_SLUG[slug]
