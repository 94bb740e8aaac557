import { expect, test } from 'vitest';
import { en } from './en';
import { ja } from './ja';

const ARGUMENTS: Record<number, unknown[]> = { 1: [2], 2: [2, 3], 3: ['2', 3, '4'] };

/** Every word by its path; functions are called, so that what they say is looked at too. */
function said(words: object, path = ''): Map<string, string> {
	const found = new Map<string, string>();
	for (const [key, value] of Object.entries(words)) {
		const place = path ? `${path}.${key}` : key;
		if (typeof value === 'string') found.set(place, value);
		else if (typeof value === 'function')
			found.set(place, String(value(...(ARGUMENTS[value.length] ?? []))));
		else for (const [inner, text] of said(value as object, place)) found.set(inner, text);
	}
	return found;
}

test('both languages say the same things', () => {
	expect([...said(en).keys()].sort()).toEqual([...said(ja).keys()].sort());
});

test('nothing is left empty or unfilled', () => {
	for (const words of [said(ja), said(en)])
		for (const [place, text] of words) {
			expect(text.trim(), place).not.toBe('');
			expect(text, place).not.toMatch(/undefined|NaN|\[object/);
		}
});

test('English is free of Japanese letters, but for names', () => {
	for (const [place, text] of said(en)) expect(text, place).not.toMatch(/[\u3040-\u30ff]/);
});

test('one thing is not said in the plural', () => {
	expect(en.home.exercises(1)).toBe('1 exercise');
	expect(en.exercise.disks(2)).toBe('2 disks');
});
