import { expect, test } from 'vitest';
import { clock, urgency } from './time';

test('a clock shows hours only when there are any', () => {
	expect([0, 59, 600, 2530, 3730].map(clock)).toEqual(['0:00', '0:59', '10:00', '42:10', '1:02:10']);
});

test('the end is announced ten and two minutes before', () => {
	expect([3600, 601, 600, 121, 120, 0].map(urgency)).toEqual(['none', 'none', 'soon', 'soon', 'last', 'last']);
});
