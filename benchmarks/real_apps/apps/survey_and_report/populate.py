"""Fill django-survey-and-report: n surveys, and one hub survey with n categories, questions and responses."""

from django.contrib.auth.models import User
from django.db import transaction
from survey.models import Answer, Category, Question, Response, Survey

STAFF = "staff"
HUB = "Hub"


@transaction.atomic
def populate(n: int) -> None:
    """Grow the database until every list has n rows; the hub survey, and its first response, get n children."""
    hub = Survey.objects.filter(name=HUB).first() or _create_hub()
    for index in range(Survey.objects.count() - 1, n):
        user = User.objects.create_user(f"user{index:03}", f"user{index:03}@example.com")
        survey = _create_survey(f"Survey {index:03}")
        question = _create_question(survey, index)
        _answer(Response.objects.create(survey=survey, user=user, interview_uuid=f"own{index}"), question)
        in_hub = _create_question(hub, index)
        response = Response.objects.create(survey=hub, user=user, interview_uuid=f"hub{index}")
        _answer(response, in_hub)
        _answer(hub.responses.earliest("pk"), in_hub)


def _create_hub() -> Survey:
    User.objects.create_superuser(STAFF, "staff@example.com", "staff")
    return _create_survey(HUB)


def _create_survey(name: str) -> Survey:
    return Survey.objects.create(
        name=name, description="Text", need_logged_user=False, display_method=Survey.ALL_IN_ONE_PAGE
    )


def _create_question(survey: Survey, index: int) -> Question:
    category = Category.objects.create(name=f"Category {index}", survey=survey, order=index)
    return Question.objects.create(
        text=f"Question {index}", order=index, required=False, category=category, survey=survey
    )


def _answer(response: Response, question: Question) -> None:
    Answer.objects.create(question=question, response=response, body="Yes")
