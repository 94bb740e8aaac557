import type { Figure } from '#lib/api/index.ts';
import { trimmed } from '#lib/ui/format.ts';

export type Timeline = Extract<Figure, { kind: 'timeline' }>;

export interface Mark {
	x: number;
	text: string;
	anchor: 'start' | 'middle' | 'end';
}
export interface Stretch {
	x: number;
	width: number;
	hours: number;
	/** Null where there is no room for it. */
	label: Mark | null;
}

const NARROWEST = 2;

/** Places the stretches of down time, and says how long each was wherever a label fits. */
export function stretches(
	figure: Timeline,
	width: number,
	hours: (n: string) => string
): Stretch[] {
	let free = 0;
	return figure.down.map(({ start_h, end_h }) => {
		const x = (start_h / figure.period_h) * width;
		const wide = Math.max(NARROWEST, ((end_h - start_h) / figure.period_h) * width);
		const text = hours(trimmed(end_h - start_h, 2));
		const half = (text.length * 6.6) / 2 + 3;
		const middle = Math.min(Math.max(x + wide / 2, half), width - half);
		const fits = middle - half >= free && figure.down.length <= 8;
		if (fits) free = middle + half + 4;
		return {
			x: Math.min(x, width - wide),
			width: wide,
			hours: end_h - start_h,
			label: fits ? { x: middle, text, anchor: 'middle' } : null
		};
	});
}

/** The ends of the axis and some round days between, as many as there is room for. */
export function ticks(periodHours: number, width: number): { x: number; day: number }[] {
	const days = periodHours / 24;
	const most = Math.max(1, Math.floor(width / 90));
	const step = [1, 5, 10, 15, 30, 60, 90, 180].find((each) => days / each <= most) ?? 365;
	const found = [];
	for (let day = 0; day <= days; day += step)
		found.push({ x: (day / days) * width, day });
	return found;
}
