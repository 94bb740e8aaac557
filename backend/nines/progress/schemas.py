from datetime import datetime

from pydantic import BaseModel

from labkit.text import Text
from nines.catalog.chapters import Chapter, Section
from nines.catalog.prose import render
from nines.catalog.schemas import ExerciseRead
from nines.progress.service import RECENT, Standing, Standings


class ChapterSummary(BaseModel):
    number: int
    title: Text
    lead: Text | None
    ready: bool
    exercises: int
    mastery: float

    @classmethod
    def of(cls, chapter: Chapter, standings: Standings) -> "ChapterSummary":
        return cls(
            number=chapter.number,
            title=chapter.title,
            lead=chapter.lead,
            ready=bool(chapter.sections),
            exercises=len(standings.of(chapter)),
            mastery=standings.mastery(chapter),
        )


class SectionRead(BaseModel):
    number: str
    title: Text
    level: int
    summary: Text | None
    html: Text | None
    exercises: list[ExerciseRead]

    @classmethod
    def of(
        cls, section: Section, chapter: Chapter, standings: Standings
    ) -> "SectionRead":
        return cls(
            number=section.number,
            title=section.title,
            level=section.level,
            summary=section.summary,
            html=render(section.prose) if section.prose else None,
            exercises=[
                show(each)
                for each in standings.all
                if section
                in (chapter.section_of(number) for number in each.exercise.sections)
            ],
        )


class ChapterRead(BaseModel):
    number: int
    title: Text
    lead: Text | None
    sections: list[SectionRead]
    mastery: float
    resume: ExerciseRead | None

    @classmethod
    def of(cls, chapter: Chapter, standings: Standings) -> "ChapterRead":
        resume = standings.resume(chapter)
        return cls(
            number=chapter.number,
            title=chapter.title,
            lead=chapter.lead,
            sections=[
                SectionRead.of(section, chapter, standings)
                for section in chapter.sections
            ],
            mastery=standings.mastery(chapter),
            resume=show(resume) if resume else None,
        )


class Recent(BaseModel):
    exercise: ExerciseRead
    at: datetime
    points: int | None
    max_points: int | None


class Home(BaseModel):
    resume: ExerciseRead | None
    chapters: list[ChapterSummary]
    recent: list[Recent]

    @classmethod
    def of(cls, chapters: tuple[Chapter, ...], standings: Standings) -> "Home":
        resume = standings.resume()
        return cls(
            resume=show(resume) if resume else None,
            chapters=[ChapterSummary.of(each, standings) for each in chapters],
            recent=[
                Recent(
                    exercise=show(each),
                    at=each.progress.at,
                    points=each.progress.points,
                    max_points=each.progress.max_points,
                )
                for each in standings.recent()[:RECENT]
                if each.progress.at
            ],
        )


def show(standing: Standing) -> ExerciseRead:
    return ExerciseRead.of(standing.exercise, standing.progress)
