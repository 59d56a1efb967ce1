"""``quell profile --task``: a task of Celery, or a function, that leaves nothing behind."""

import pytest
from django.core.management import CommandError

from tests.profiled.models import Customer
from tests.profiling.conftest import Profile

TASKS = "tests.profiled.tasks"


@pytest.mark.parametrize("name", ["show", "plain"])
def test_task_is_watched(profile: Profile, name: str) -> None:
    """Its finding has the line of the task; a function goes the same way."""
    result = profile("--task", f"{TASKS}.{name} 'no. '")
    (page,), (finding,) = result.document["pages"], result.findings

    assert (page["path"], page["kind"], page["problem"]) == (f"{TASKS}.{name} 'no. '", "task", "")
    assert (finding["count"], finding["suggestion"]) == (4, '.select_related("customer")')
    assert finding["origin"]["file"].endswith("tests/profiled/tasks.py")
    assert result.code == 1


def test_task_that_reads_is_proven(profile: Profile) -> None:
    """It runs again with the fix where that is asked for."""
    (finding,) = profile("--task", f"{TASKS}.show x", "--prove").findings

    assert finding["proof"]["queries_after"] == 1


def test_what_a_task_writes_is_rolled_back(profile: Profile) -> None:
    """Its arguments are JSON, or texts."""
    before = Customer.objects.count()
    result = profile("--task", f"{TASKS}.add 3 ada")

    assert [finding["code"] for finding in result.findings] == ["Q105"]
    assert Customer.objects.count() == before


def test_task_that_fails_is_told(profile: Profile) -> None:
    """The run ends badly, as its error is that of the project."""
    (page,) = profile("--task", f"{TASKS}.add 0 broken").document["pages"]

    assert "ValueError: broken" in page["problem"]
    assert page["is_broken"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "shop.tasks.rebuild"), "There is no task shop.tasks.rebuild: No module named 'shop'"),
        (("--task", f"{TASKS}.nothing"), "Name it as you import it, such as shop.tasks.rebuild"),
        (("--task", f"{TASKS}.__doc__"), "is no task: it cannot be called"),
        (("--task", ""), '--task is empty. Write --task "shop.tasks.rebuild 7"'),
        (("--task", f"{TASKS}.show x", "--user", "ada"), "--task goes without --user: that is for pages"),
    ],
)
def test_wrong_task_is_one_line(profile: Profile, arguments: tuple[str, ...], message: str) -> None:
    """It says what to write instead."""
    with pytest.raises(CommandError, match=message.replace("(", r"\(").replace(".", r"\.")):
        profile(*arguments)
