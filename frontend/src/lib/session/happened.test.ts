import { expect, test } from 'vitest';
import type { Happened } from '#lib/api/types.ts';
import { breaks, told } from './happened';
import { words } from './words';

const m = words();

function event(kind: string, more: Partial<Happened> = {}): Happened {
	const nowhere = { node: null, disk: null, nic: null, segment: null, peer: null, terminal: null };
	return { n: 1, at: 1, time: '2026-11-22T12:00:00Z', kind, detail: '', ...nowhere, ...more };
}

test.each([
	[event('fault.disk.pull', { node: 'st1', disk: 'vdb' }), 'st1 vdb ディスクを抜きました'],
	[event('fault.cable.cut', { node: 'ha1', nic: 'eth0', segment: 'lan' }), 'lan ha1 eth0 LAN ケーブルを抜きました'],
	[event('fault.segment.off', { segment: 'hb' }), 'hb セグメントを止めました'],
	[event('fault.net.partition', { node: 'n1', peer: 'n2', segment: 'lan' }), 'lan n1 ⇄ n2 通信を分断しました'],
	[event('fault.net.partition', { node: 'n1', peer: 'n2', detail: 'one way' }), 'n1 → n2 通信を分断しました'],
	[
		event('fault.net.shape', { segment: 'lan', detail: 'delay 50 ms, loss 1 %' }),
		'lan 回線を悪くしました（遅延 50 ms、損失 1 %）'
	],
	[event('fault.process.kill', { node: 'ha1', detail: 'heartbeat' }), 'ha1 heartbeat プロセスを強制終了しました'],
	[event('something.new', { node: 'ha1' }), 'ha1 something.new']
])('%o', (happened, line) => {
	expect(told(happened, m)).toBe(line);
});

test('what breaks stands out, what mends does not', () => {
	for (const kind of ['fault.disk.fail', 'fault.reset', 'fault.net.shape', 'node.lost', 'fault.process.stop'])
		expect(breaks(event(kind)), kind).toBe(true);
	for (const kind of ['fault.disk.mend', 'fault.power.on', 'fault.net.heal', 'node.ready', 'fault.process.cont'])
		expect(breaks(event(kind)), kind).toBe(false);
});
