import { expect, test } from 'vitest';
import type { FaultKind, SessionNode, SessionSegment } from '#lib/api/types.ts';
import { neighbours, offers, type Target } from './faults';

const KINDS: FaultKind[] = [
	'disk.pull', 'disk.insert', 'disk.fail', 'disk.mend', 'cable.cut', 'cable.plug', 'power.off', 'power.on',
	'power.reset', 'node.freeze', 'node.thaw', 'node.panic', 'segment.off', 'segment.on', 'net.partition',
	'net.heal', 'net.shape', 'net.clear', 'process.kill', 'process.stop', 'process.cont'
];

function machine(name: string, segments: string[], change: Partial<SessionNode> = {}): SessionNode {
	const nics = segments.map((segment, at) => ({
		name: `eth${at}`,
		segment,
		plugged: true,
		address: null
	}));
	return { name, power: 'on', ready: true, frozen: false, disks: [], nics, ...change };
}
const segment = (name: string, change: Partial<SessionSegment> = {}): SessionSegment => ({
	name,
	subnet: null,
	up: true,
	partitions: [],
	shaped: null,
	...change
});
const disk = { name: 'vdb', size_mb: 256, present: true, failing: false };

const nodes = [machine('n1', ['lan', 'hb'], { disks: [disk] }), machine('n2', ['lan', 'hb']), machine('c', ['lan'])];
const live = { nodes, segments: [segment('lan'), segment('hb')] };

function kinds(target: Target, of = live, allowed: string[] = KINDS): string[] {
	return offers(of, allowed, target).map(({ fault }) => fault.kind);
}

test('a machine offers what can be done to it, its disks and its cables', () => {
	expect(kinds({ kind: 'node', node: 'n1' })).toEqual([
		'disk.pull', 'disk.fail', 'cable.cut', 'cable.cut', 'power.off', 'power.reset', 'node.freeze',
		'node.panic', 'process.kill', 'net.partition'
	]);
});

test('only what the lab allows is offered', () => {
	expect(kinds({ kind: 'node', node: 'n1' }, live, ['power.off', 'cable.cut'])).toEqual([
		'cable.cut', 'cable.cut', 'power.off'
	]);
	expect(kinds({ kind: 'node', node: 'n1' }, live, ['process.stop'])).toEqual(['process.kill']);
	expect(kinds({ kind: 'segment', segment: 'lan' }, live, [])).toEqual([]);
});

test('what is broken is mended, not broken again', () => {
	const off = { ...live, nodes: [machine('n1', ['lan'], { power: 'off' })] };
	expect(kinds({ kind: 'node', node: 'n1' }, off)).toEqual(['cable.cut', 'power.on']);
	const frozen = { ...live, nodes: [machine('n1', [], { frozen: true })] };
	expect(kinds({ kind: 'node', node: 'n1' }, frozen)).toEqual(['node.thaw', 'power.off', 'power.reset']);
	const cut = structuredClone(live);
	for (const node of cut.nodes) for (const nic of node.nics) nic.plugged = false;
	for (const each of cut.nodes[0]?.disks ?? []) each.present = false;
	expect(kinds({ kind: 'nic', node: 'n1', nic: 'eth0' }, cut)[0]).toBe('cable.plug');
	expect(kinds({ kind: 'disk', node: 'n1', disk: 'vdb' }, cut)).toEqual(['disk.insert']);
	const down = { ...live, segments: [segment('lan', { up: false })] };
	expect(kinds({ kind: 'segment', segment: 'lan' }, down)[0]).toBe('segment.on');
	const failing = { ...live, nodes: [machine('n1', [], { disks: [{ ...disk, failing: true }] })] };
	expect(kinds({ kind: 'disk', node: 'n1', disk: 'vdb' }, failing)).toEqual(['disk.pull', 'disk.mend']);
});

test('each partition can be healed, from the segment and from either machine', () => {
	const partitions = [
		{ node: 'n1', peer: 'n2', one_way: true },
		{ node: 'n1', peer: 'c', one_way: false }
	];
	const parted = { nodes, segments: [segment('lan', { partitions }), segment('hb')] };
	const healed = (target: Target) =>
		offers(parted, ['net.heal'], target).map(({ fault }) => [fault.node, fault.peer, fault.one_way]);
	expect(healed({ kind: 'segment', segment: 'lan' })).toEqual([
		['n1', 'n2', true],
		['n1', 'c', undefined]
	]);
	expect(healed({ kind: 'node', node: 'c' })).toEqual([['n1', 'c', undefined]]);
	expect(healed({ kind: 'nic', node: 'n2', nic: 'eth0' })).toEqual([['n1', 'n2', true]]);
	expect(healed({ kind: 'nic', node: 'n2', nic: 'eth1' })).toEqual([]);
});

test('a shaped segment can be cleared where it was shaped', () => {
	const shaped = { node: null, delay_ms: 50, loss_percent: 0, rate_kbit: 0 };
	const cleared = (target: Target, node: string | null) =>
		offers({ nodes, segments: [segment('lan', { shaped: { ...shaped, node } }), segment('hb')] }, ['net.clear'], target)
			.map(({ fault }) => [fault.segment, fault.node]);
	expect(cleared({ kind: 'segment', segment: 'lan' }, null)).toEqual([['lan', undefined]]);
	expect(cleared({ kind: 'segment', segment: 'lan' }, 'n1')).toEqual([['lan', 'n1']]);
	expect(cleared({ kind: 'segment', segment: 'hb' }, null)).toEqual([]);
	expect(cleared({ kind: 'nic', node: 'n1', nic: 'eth0' }, 'n1')).toEqual([['lan', 'n1']]);
	expect(cleared({ kind: 'nic', node: 'n2', nic: 'eth0' }, 'n1')).toEqual([]);
});

test('there is nobody to be parted from on a segment of one', () => {
	const alone = { nodes: [machine('n1', ['lan'])], segments: [segment('lan')] };
	expect(kinds({ kind: 'node', node: 'n1' }, alone)).not.toContain('net.partition');
	expect(kinds({ kind: 'nic', node: 'n1', nic: 'eth0' }, alone)).not.toContain('net.partition');
	expect(kinds({ kind: 'segment', segment: 'lan' }, alone)).not.toContain('net.partition');
});

test('what has gone is offered nothing', () => {
	expect(kinds({ kind: 'node', node: 'gone' })).toEqual([]);
	expect(kinds({ kind: 'disk', node: 'n1', disk: 'vdz' })).toEqual([]);
	expect(kinds({ kind: 'segment', segment: 'gone' })).toEqual([]);
});

test('neighbours share a segment', () => {
	expect(neighbours(live, 'n1')).toEqual(['n2', 'c']);
	expect(neighbours(live, 'n1', 'hb')).toEqual(['n2']);
	expect(neighbours(live, 'c', 'hb')).toEqual([]);
	expect(neighbours(live, 'c')).toEqual(['n1', 'n2']);
});
