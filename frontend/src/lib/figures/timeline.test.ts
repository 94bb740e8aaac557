import { expect, test } from 'vitest';
import { stretches, ticks, type Timeline } from './timeline';

const figure = (down: [number, number][], period = 720): Timeline => ({
	kind: 'timeline',
	period_h: period,
	down: down.map(([start_h, end_h]) => ({ start_h, end_h })),
	caption: { ja: '', en: '' }
});
const hours = (n: string) => `${n} h`;

test('a stop keeps its place, and a short one can still be seen', () => {
	const [long, short] = stretches(figure([[72, 144], [700, 700.1]]), 600, hours);
	expect(long).toMatchObject({ x: 60, width: 60, hours: 72 });
	expect(short!.width).toBeGreaterThanOrEqual(2);
});

test('nothing is drawn outside the band', () => {
	const [last] = stretches(figure([[719.9, 720]]), 340, hours);
	expect(last!.x + last!.width).toBeLessThanOrEqual(340);
	expect(last!.label!.x).toBeLessThan(340);
});

test('labels that would overlap are left out', () => {
	const crowded = stretches(figure([[10, 20], [21, 31], [400, 410]]), 340, hours);
	expect(crowded.map((each) => each.label !== null)).toEqual([true, false, true]);
});

test('the axis begins at 0, in round days, with room for its words', () => {
	for (const period of [24 * 7, 24 * 30, 24 * 90, 24 * 365])
		for (const width of [300, 340, 650]) {
			const found = ticks(period, width);
			expect(found[0]).toEqual({ x: 0, day: 0 });
			for (let n = 1; n < found.length; n++)
				expect(found[n]!.x - found[n - 1]!.x).toBeGreaterThanOrEqual(60);
			expect(found.at(-1)!.x).toBeLessThanOrEqual(width);
		}
});
