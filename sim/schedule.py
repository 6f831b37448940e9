"""The month in words: every call of `CareSystem.step`, in its order, as docs/odd.md shows it. A test compares them.

Whoever adds a call to `step` adds it here too, then runs ``python -m sim.odd``.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass

#: what `step` calls that is not a step of the model: bookkeeping, arithmetic, looking things up
NOT_STEPS = ("self._welcome", "self.recorder.begin", "self.recorder.copy")


@dataclass(frozen=True)
class Part:
    """One line of the schedule: what it is called, its calls in `step`, what happens, where, and what it sees."""

    title: str
    calls: tuple[str, ...]
    what: str
    where: str
    sees: str


MONTH: tuple[Part, ...] = (
    Part(
        "Neighbourhoods", ("community.advance",),
        "Community capacity grows on last month's money, fades, and evens out between neighbours",
        "sim/life/community.py", "money paid last month",
    ),
    Part(
        "Money", ("self.commissioner.advance",),
        "The commissioner settles this month's lines, pays the levers from the lines named, and sets capacities",
        "sim/agents/commissioner.py", "capacity follows money with a mean lag of 1–3 years",
    ),
    Part(
        "Levers", ("self._apply_levers",),
        "Levers set this month's factors on rates by neighbourhood", "sim/policy/effects.py",
        "persons reached and community capacity up to this month",
    ),
    Part(
        "Arrivals", ("demography.arrive",), "In-migrants, from a stream that no policy changes",
        "sim/life/demography.py", "nothing",
    ),
    Part(
        "Ties", ("self.ties.advance",),
        "Each April ties end and what is missing is matched; newborns are tied to their mothers", "sim/life/ties.py",
        "who has gone since last April",
    ),
    Part(
        "Review", ("reviews.due", "continuity.review", "reviews.review"),
        "A twelfth of residents, in the month of their birthday: continuity moves to what the practice gives, then "
        "lagged exposures, the three Cs, what peers do and the managed level move, and chances and wellbeing are "
        "worked out anew", "sim/life/review.py, sim/care/continuity.py",
        "states at the end of last month; who left the practice and its pressure",
    ),
    Part(
        "Changes", ("changes.draw", "self.care.needs.recoveries.count_tabled", "changes.apply"),
        "One draw a process for everyone against the cached chance; then, in the order of the processes: behaviours "
        "and circumstances, onset of and recovery from each condition",
        "sim/life/changes.py", "chances as they stood when the month began",
    ),
    Part(
        "Births", ("demography.give_birth", "reviews.refresh"),
        "At home with the mother; the newborn has chances of its own at once, and whoever changed is worked out anew",
        "sim/life/demography.py", "drawn with the changes",
    ),
    Part(
        "Needs", ("self._contacts", "self.care.waiting.between_visits", "unmet.reappear"),
        "Contacts with the practice, a draw each, with those of people who wait for the hospital and those of unmet "
        "needs that ask again", "sim/care/unmet.py", "season and observed history",
    ),
    Part(
        "Practices", ("practices.see",),
        "Urgent, then those waiting, then new contacts against this month's appointments (staff in post × "
        "productivity); the rest waits, goes to A&E or is given up; staff leave and vacancies are filled. Each April "
        "appointments are divided anew by weighted lists", "sim/care/practices.py, sim/care/staff.py",
        "this month's capacity; staff who left under last month's pressure",
    ),
    Part(
        "Teams in the community", ("self.care.needs.see", "self.care.needs.advance"),
        "Needs go their pathways: referrals from practices, hand-offs that take time and can be lost, teams take on "
        "whom they can; whoever waits too long comes as a crisis", "sim/care/needs.py",
        "this month's capacity, last month's queues",
    ),
    Part(
        "A&E and emergency admissions",
        ("arrivals.to_ed", "emergency.attend", "self.care.waiting.deteriorate", "arrivals.to_beds", "emergency.admit"),
        "With those sent for want of an appointment and those who worsen while waiting",
        "sim/care/arrivals.py, sim/care/emergency.py",
        "last month's pressure on beds sets waits over four hours",
    ),
    Part(
        "Discharge", ("arrivals.with_pathway", "self.care.needs.refer_from_hospital"),
        "Those who leave hospital are referred on along their pathway", "sim/care/needs.py", "admissions of the month",
    ),
    Part(
        "Waiting lists", ("self.care.waiting.refer", "self.care.waiting.treat"),
        "Referrals in; slots by priority and time waited; removals", "sim/care/waiting.py",
        "last month's pressure on beds cancels slots",
    ),
    Part(
        "Close", ("self.care.close_month",), "Beds filled this month, and the pressure that next month feels",
        "sim/care/emergency.py", "all admissions of the month",
    ),
    Part(
        "Recording", ("self._census", "self.panel.note", "self.recorder.count_teams", "self.commissioner.record"),
        "What happened, a census of everyone alive, what each practice and team did, the month's money",
        "sim/outcomes/recorder.py", "the month's end",
    ),
    Part("Endings", ("self._leave",), "Deaths, then departures", "sim/life/demography.py", "drawn with the changes"),
)  # fmt: skip


def calls_of_step() -> tuple[str, ...]:
    """What `CareSystem.step` calls, in the order in which it is evaluated (read from its source)."""
    from sim.system import CareSystem

    return calls_in(inspect.getsource(CareSystem.step))


def _is_step(name: str) -> bool:
    """Whether a dotted name is the model's: a method of its own or of its parts, or a function of a module of ours."""
    from sim import system

    root = name.split(".")[0]
    module = getattr(system, root, None)
    return "." in name and (root == "self" or (inspect.ismodule(module) and module.__name__.startswith("sim.")))


def calls_in(source: str) -> tuple[str, ...]:
    """Calls of a method's source in the order of evaluation, but for those that are no steps of the model."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            visit(child)
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name not in NOT_STEPS and _is_step(name):
                found.append(name)

    import textwrap

    visit(ast.parse(textwrap.dedent(source)))
    return tuple(found)


def drift() -> list[str]:
    """How the written schedule differs from the code, a sentence each; empty when it does not."""
    written = [call for part in MONTH for call in part.calls]
    made = list(calls_of_step())
    wrong = [
        f"CareSystem.step calls {call}, which sim/schedule.py does not name." for call in made if call not in written
    ]
    wrong += [
        f"sim/schedule.py names {call}, which CareSystem.step does not call." for call in written if call not in made
    ]
    if not wrong and written != made:
        wrong.append(f"sim/schedule.py has another order than CareSystem.step: {', '.join(made)}.")
    return wrong
