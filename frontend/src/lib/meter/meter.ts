import type { Happened, Meter, MeterSpan, MeterTick, Prediction } from '#lib/api/types.ts';

/** Ticks come every second; after a longer silence some have been missed. */
const MISSED_AFTER = 5;

/** The meter after one more event; null when it has to be asked for again. */
export function taken(meter: Meter, tick: MeterTick): Meter | null {
	if (tick.since !== meter.since || tick.now - meter.now > MISSED_AFTER) return null;
	const lines = meter.lines.map((line) => {
		const news = tick.lines.find(({ probe }) => probe === line.probe);
		return news ? { ...news, spans: joined(line.spans, news.spans) } : line;
	});
	return { ...meter, ...tick, lines };
}

/** The first of the news is the last known span, as it is now. */
function joined(known: MeterSpan[], news: MeterSpan[]): MeterSpan[] {
	const first = news[0];
	if (!first) return known;
	return [...known.filter(({ began }) => began < first.began), ...news];
}

/** From a moment to a place on the ribbon. */
export interface Axis {
	from: number;
	to: number;
	width: number;
}

export function place({ from, to, width }: Axis, moment: number): number {
	return Math.min(width, Math.max(0, ((moment - from) / (to - from)) * width));
}

const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const APART = 90;

/** Round moments along the axis, some 90 pixels or more apart. */
export function ticks({ from, to, width }: Axis): number[] {
	const fits = Math.max(1, Math.floor(width / APART));
	const step = STEPS.find((each) => (to - from) / each <= fits) ?? to - from;
	const found = [];
	for (let at = Math.ceil(from / step) * step; at < to; at += step) found.push(at);
	return found;
}

/** The spans that can be seen, at least a pixel wide each. */
export function visible(spans: MeterSpan[], axis: Axis): { span: MeterSpan; x: number; width: number }[] {
	return spans
		.filter(({ began, ended }) => ended >= axis.from && began <= axis.to)
		.map((span) => {
			const x = place(axis, span.began);
			return { span, x, width: Math.max(span.up ? 0 : 1.5, place(axis, span.ended) - x) };
		});
}

export interface Mark {
	event: Happened;
	x: number;
	/** Whether there is room for its words, and on which side. */
	label: 'none' | 'before' | 'after';
}

/** What was broken and mended, where it happened; the newest have their words. */
export function marks(happened: Happened[], axis: Axis, width: (event: Happened) => number): Mark[] {
	const seen = happened.filter(({ kind, time }) => {
		const at = Date.parse(time) / 1000;
		return kind.startsWith('fault.') && at >= axis.from && at <= axis.to;
	});
	let free = axis.width;
	return seen.toReversed().map((event) => {
		const x = place(axis, Date.parse(event.time) / 1000);
		const needs = width(event) + 10;
		if (x + needs <= free) {
			free = x - 4;
			return { event, x, label: 'after' };
		}
		if (x <= free && x - needs >= 0) {
			free = x - needs;
			return { event, x, label: 'before' };
		}
		return { event, x, label: 'none' };
	});
}

/** The prediction that stands for a probe: the newest. */
export function standing(meter: Meter, probe: string): Prediction | null {
	return meter.predictions.find((each) => each.probe === probe) ?? null;
}

const YEAR = 365 * 24 * 3600;

/** What a gap comes to if it happens so often a year. */
export function yearly(gap: number, times: number): { down: number; availability: number } {
	const down = Math.min(YEAR, gap * times);
	return { down, availability: 1 - down / YEAR };
}

/** An availability in percent, with enough digits to tell it from 100. */
export function percent(share: number): string {
	if (share >= 1) return '100';
	const digits = Math.min(6, Math.max(1, Math.ceil(-Math.log10(1 - share) - 1e-9) - 1));
	return (Math.floor(share * 100 * 10 ** digits + 1e-6) / 10 ** digits).toFixed(digits);
}

/** Seconds as people say them: 0.3, 8.0, 42.5, 3 min 20 s, 1 h 5 min. */
export function lasting(hour: string, minute: string, second: string) {
	return (seconds: number) => {
		if (seconds < 99.95) return `${seconds.toFixed(1)}${second}`;
		const whole = Math.round(seconds);
		const hours = Math.floor(whole / 3600);
		const minutes = Math.floor((whole % 3600) / 60);
		if (hours > 0) return `${hours}${hour}${minutes}${minute.trimEnd()}`;
		return `${minutes}${minute}${whole % 60}${second}`;
	};
}
