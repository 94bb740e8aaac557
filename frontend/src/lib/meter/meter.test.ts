import { describe, expect, it } from 'vitest';
import type { Happened, Meter, MeterSpan } from '#lib/api/types.ts';
import { lasting, marks, percent, place, taken, ticks, visible, yearly } from './meter';

const figures = {
	began: 0,
	up: 1,
	down: 0,
	unknown: 0,
	outages: 0,
	availability: 1,
	mtbf: null,
	mttr: null,
	nines: null
};
const span = (up: boolean, began: number, ended: number): MeterSpan => ({ up, began, ended, why: 'ok' });
const line = (...spans: MeterSpan[]) => ({ probe: 'web', spans, figures, last: null });
const meter = (...spans: MeterSpan[]): Meter => ({
	since: 0,
	now: 100,
	stamp_error: 0.01,
	lines: [line(...spans)],
	predictions: [],
	probes: [],
	timers: []
});
const tick = (now: number, ...spans: MeterSpan[]) => ({
	since: 0,
	now,
	stamp_error: 0.01,
	lines: [line(...spans)],
	predictions: []
});

describe('an event', () => {
	it('prolongs the last span', () => {
		const now = taken(meter(span(true, 0, 50), span(false, 50, 100)), tick(101, span(false, 50, 101)));
		expect(now?.lines[0]?.spans).toEqual([span(true, 0, 50), span(false, 50, 101)]);
	});
	it('adds the spans that follow it', () => {
		const now = taken(meter(span(true, 0, 100)), tick(101, span(true, 0, 100.5), span(false, 100.5, 101)));
		expect(now?.lines[0]?.spans).toHaveLength(2);
	});
	it('after a silence or a reset is not enough', () => {
		expect(taken(meter(), tick(120))).toBeNull();
		expect(taken(meter(), { ...tick(101), since: 90 })).toBeNull();
	});
	it('without news of a probe leaves its line', () => {
		const before = meter(span(true, 0, 100));
		expect(taken(before, { ...tick(101), lines: [] })?.lines).toEqual(before.lines);
	});
});

const axis = { from: 1000, to: 1120, width: 600 };

describe('the axis', () => {
	it('keeps what lies outside at its ends', () => {
		expect(place(axis, 1060)).toBe(300);
		expect(place(axis, 900)).toBe(0);
		expect(place(axis, 1200)).toBe(600);
	});
	it('is labelled at round moments, not too many', () => {
		expect(ticks(axis)).toEqual([1020, 1050, 1080, 1110]);
		expect(ticks({ ...axis, width: 80 }).length).toBeLessThanOrEqual(1);
	});
	it('shows even the shortest gap', () => {
		const [gap] = visible([span(false, 1060, 1060.01)], axis);
		expect(gap?.width).toBeGreaterThan(1);
	});
	it('leaves out what is over', () => {
		expect(visible([span(true, 0, 999)], axis)).toEqual([]);
	});
});

const event = (at: number, kind = 'fault.power.off'): Happened => ({
	n: at,
	at,
	time: new Date(at * 1000).toISOString(),
	kind,
	node: 'n1',
	disk: null,
	nic: null,
	segment: null,
	peer: null,
	terminal: null,
	detail: ''
});

describe('marks', () => {
	it('are faults only', () => {
		expect(marks([event(1060, 'node.off')], axis, () => 80)).toEqual([]);
	});
	it('write beside the newest, and not over each other', () => {
		const [newest, older] = marks([event(1050), event(1055)], axis, () => 80);
		expect(newest?.label).toBe('after');
		expect(older?.label).toBe('before');
	});
	it('at the end of the axis have their words before them', () => {
		expect(marks([event(1119)], axis, () => 80)[0]?.label).toBe('before');
	});
	it('without room have no words', () => {
		const crowd = [1010, 1011, 1012].map((at) => event(at));
		const labels = marks(crowd, axis, () => 80).map(({ label }) => label);
		expect(labels.filter((label) => label !== 'none')).toHaveLength(1);
	});
});

describe('figures', () => {
	it('never round an outage away', () => {
		expect(percent(1)).toBe('100');
		expect(percent(0.99999)).toBe('99.9990');
		expect(percent(0.9333)).toBe('93.3');
		expect(percent(0.9996)).toBe('99.960');
		expect(percent(0)).toBe('0.0');
	});
	it('of a year', () => {
		expect(yearly(8, 12).down).toBe(96);
		expect(yearly(8, 12).availability).toBeCloseTo(0.99999696, 8);
		expect(yearly(1e9, 12).availability).toBe(0);
	});
});

describe('a length of time', () => {
	const ja = lasting('時間', '分', '秒');
	const en = lasting(' h ', ' min ', ' s');
	it('has a tenth of a second while that matters', () => {
		expect([0.34, 8, 99.9].map(ja)).toEqual(['0.3秒', '8.0秒', '99.9秒']);
	});
	it('is minutes and hours after that', () => {
		expect([99.96, 200, 3599.7, 3900].map(ja)).toEqual(['1分40秒', '3分20秒', '1時間0分', '1時間5分']);
		expect([200, 3900].map(en)).toEqual(['3 min 20 s', '1 h 5 min']);
	});
});
