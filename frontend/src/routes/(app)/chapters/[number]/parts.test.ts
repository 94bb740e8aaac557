import { expect, test } from 'vitest';
import type { Chapter, Exercise, Section } from '#lib/api/index.ts';
import { byPart, eachOnce, exercisesOf } from './parts';

const text = { ja: 'あ', en: 'a' };
const exercise = (slug: string, ...sections: string[]) =>
	({ kind: 'lab', slug, sections }) as Exercise;
const section = (number: string, level: number, ...exercises: Exercise[]): Section => ({
	number,
	title: text,
	level,
	summary: null,
	html: null,
	exercises
});

test('sections of the third level stand under theirs of the second', () => {
	const parts = byPart([
		section('2.1', 2),
		section('2.1.1', 3),
		section('2.1.2', 3),
		section('2.10', 2),
		section('2.10.1', 3)
	]);
	expect(parts.map((each) => [each.number, each.sections.length])).toEqual([
		['2.1', 3],
		['2.10', 2]
	]);
});

test('a section whose parent is not listed is not lost', () => {
	expect(byPart([section('2.1', 2), section('2.2.1', 3)]).map((each) => each.number)).toEqual([
		'2.1',
		'2.2.1'
	]);
});

test('an exercise of two sections counts once', () => {
	const both = exercise('ch02-raid1-mdadm');
	const chapter = { sections: [section('2.1', 2, both), section('2.1.3', 3, both)] } as Chapter;
	expect(exercisesOf(chapter)).toEqual([both]);
});

test('an exercise of several sections is shown where it belongs first', () => {
	const mirror = exercise('ch02-raid1-mdadm', '2.1.3', '2.1.1');
	const shown = eachOnce([section('2.1.1', 3, mirror), section('2.1.3', 3, mirror)]);
	expect(shown.map((each) => each.exercises)).toEqual([[], [mirror]]);
});

test('an exercise whose first section is not listed is shown all the same, once', () => {
	const deep = exercise('ch02-deep', '2.1.3.1');
	const shown = eachOnce([section('2.1.3', 3, deep), section('2.1.4', 3, deep)]);
	expect(shown.map((each) => each.exercises)).toEqual([[deep], []]);
});
