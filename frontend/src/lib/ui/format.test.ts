import { describe, expect, test } from 'vitest';
import { ago, availability, nines, percent, trimmed } from './format';

describe('percent', () => {
	test('only all of it is 100 and only nothing is 0', () => {
		expect(percent(1)).toBe(100);
		expect(percent(0.999)).toBe(99);
		expect(percent(0.001)).toBe(1);
		expect(percent(0)).toBe(0);
		expect(percent(0.625)).toBe(63);
	});
});

describe('availability', () => {
	test('keeps enough digits to tell its nines', () => {
		expect(availability(0.99)).toBe('99');
		expect(availability(0.9995)).toBe('99.95');
		expect(availability(0.99999)).toBe('99.999');
		expect(availability(0.877193)).toBe('87.72');
		expect(availability(1)).toBe('100');
	});
	test('nines are counted without rounding up', () => {
		expect([0.85, 0.9, 0.98, 0.99, 0.999, 0.9995, 0.99999].map(nines)).toEqual([
			0, 1, 1, 2, 3, 3, 5
		]);
	});
});

test('long numbers are grouped and trailing zeros go', () => {
	expect(trimmed(8760, 2)).toBe('8,760');
	expect(trimmed(3.5, 2)).toBe('3.5');
});

test('a time long past is shown as a date', () => {
	const now = Date.parse('2026-11-22T12:00:00Z');
	expect(ago('2026-11-22T11:59:40Z', now)).toEqual({ unit: 'now' });
	expect(ago('2026-11-22T11:15:00Z', now)).toEqual({ unit: 'minutes', count: 45 });
	expect(ago('2026-11-22T09:00:00Z', now)).toEqual({ unit: 'hours', count: 3 });
	expect(ago('2026-11-19T12:00:00Z', now)).toEqual({ unit: 'days', count: 3 });
	expect(ago('2026-10-01T12:00:00Z', now)).toEqual({ unit: 'date' });
});
