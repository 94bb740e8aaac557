from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from labkit.calculations import (
    Answer,
    Ask,
    AskVerdict,
    Figure,
    Generator,
    Given,
    Shown,
    Step,
    paragraphs,
)
from labkit.text import Text
from nines.practice.models import Draw
from nines.practice.service import Judgement, Sheet, Streak

Key = Annotated[str, StringConstraints(max_length=40)]


class AnswerWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: str = Field(max_length=200, examples=["4308"])
    unit: Key = Field(examples=["h"])


class AnswersWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answers: dict[Key, AnswerWrite] = Field(max_length=20)

    def as_answers(self) -> dict[str, Answer]:
        return {
            key: Answer(each.value, each.unit) for key, each in self.answers.items()
        }


class UnitRead(BaseModel):
    key: str
    label: Text


class AskRead(BaseModel):
    key: str
    label: Text
    units: list[UnitRead]
    hint: Text

    @classmethod
    def of(cls, ask: Ask) -> "AskRead":
        units = [UnitRead(key=unit.key, label=unit.label) for unit in ask.units]
        return cls(key=ask.key, label=ask.label, units=units, hint=ask.hint)


class AskVerdictRead(BaseModel):
    key: str
    outcome: Literal["right", "right_truncated", "mistake", "wrong"]
    message: Text | None
    expected: Shown

    @classmethod
    def of(cls, verdict: AskVerdict) -> "AskVerdictRead":
        return cls(
            key=verdict.key,
            outcome=verdict.outcome,
            message=verdict.message,
            expected=verdict.expected,
        )


class StepRead(BaseModel):
    text: Text  # HTML.
    formula: str | None
    result: str | None

    @classmethod
    def of(cls, step: Step) -> "StepRead":
        return cls(text=paragraphs(step.text), formula=step.formula, result=step.result)


class VerdictRead(BaseModel):
    correct: bool
    asks: list[AskVerdictRead]
    explanation: list[StepRead]
    figure: Figure | None
    streak: int
    needed: int
    done: bool

    @classmethod
    def of(cls, judgement: Judgement, streak: Streak) -> "VerdictRead":
        return cls(
            correct=judgement.correct,
            asks=[AskVerdictRead.of(each) for each in judgement.asks],
            explanation=[StepRead.of(each) for each in judgement.explanation],
            figure=judgement.figure,
            streak=streak.length,
            needed=streak.needed,
            done=streak.done,
        )


class DrawRead(BaseModel):
    """`answers` are the student's own, once given; so is the verdict."""

    id: UUID
    calculation: str
    generator: str
    title: Text
    sections: tuple[str, ...]
    text: Text  # HTML.
    given: tuple[Given, ...]
    asks: list[AskRead]
    figure: Figure | None
    streak: int
    needed: int
    done: bool
    answers: dict[str, AnswerWrite] | None
    answered: VerdictRead | None

    @classmethod
    def of(cls, sheet: Sheet) -> "DrawRead":
        exercise, streak, judgement = sheet.exercise, sheet.streak, sheet.judgement
        return cls(
            id=sheet.draw.id,
            calculation=sheet.draw.calculation,
            generator=exercise.generator.id,
            title=exercise.generator.title,
            sections=exercise.generator.sections,
            text=exercise.text,
            given=exercise.given,
            asks=[AskRead.of(ask) for ask in exercise.asks],
            figure=exercise.figure,
            streak=streak.length,
            needed=streak.needed,
            done=streak.done,
            answers=sheet.draw.answers,
            answered=VerdictRead.of(judgement, streak) if judgement else None,
        )


class CalculationRead(BaseModel):
    calculation: str
    generator: str
    title: Text
    sections: tuple[str, ...]
    streak: int
    needed: int
    done: bool

    @classmethod
    def of(cls, generator: "Generator[object]", streak: Streak) -> "CalculationRead":
        return cls(
            calculation=generator.slug,
            generator=generator.id,
            title=generator.title,
            sections=generator.sections,
            streak=streak.length,
            needed=streak.needed,
            done=streak.done,
        )


class PastDraw(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    answered_at: datetime
    correct: bool

    @classmethod
    def of(cls, draw: Draw) -> "PastDraw":
        return cls.model_validate(draw)
