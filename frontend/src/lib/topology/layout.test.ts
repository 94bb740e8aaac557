import { expect, test } from 'vitest';
import { hostPart, layOut, type Box, type Drawing, type Network } from './layout';

const nic = (name: string, segment: string, address: string | null = null) => ({
	name,
	segment,
	address,
	plugged: true
});
const disk = (name: string) => ({ name, size_mb: 256, present: true, failing: false });

const HEARTBEAT: Network = {
	segments: [
		{ name: 'lan', subnet: '192.168.1.0/24' },
		{ name: 'hb', subnet: null }
	],
	nodes: [
		{ name: 'ha1', disks: [], nics: [nic('eth0', 'lan', '192.168.1.11/24'), nic('eth1', 'hb', '10.0.0.1/24')] },
		{ name: 'ha2', disks: [disk('vdb')], nics: [nic('eth0', 'lan', '192.168.1.12/24'), nic('eth1', 'hb')] },
		{ name: 'client', disks: [], nics: [nic('eth0', 'lan', '192.168.1.100/24')] }
	]
};
const SEVEN: Network = {
	segments: ['svc', 'hb', 'int', 'sto'].map((name) => ({ name, subnet: '192.168.0.0/24' })),
	nodes: [
		...['cluster1', 'cluster2'].map((name) => ({
			name,
			disks: [disk('vdb'), disk('vdc')],
			nics: [nic('eth0', 'svc', '192.168.10.2/24'), nic('eth1', 'hb'), nic('eth2', 'int')]
		})),
		...['real1', 'real2'].map((name) => ({
			name,
			disks: [],
			nics: [nic('eth0', 'int', '192.168.20.10/24'), nic('eth1', 'sto', '192.168.30.10/24')]
		})),
		{ name: 'storage', disks: [disk('vdb')], nics: [nic('eth0', 'sto')] },
		{ name: 'gw', disks: [], nics: [nic('eth0', 'svc')] },
		{ name: 'client', disks: [], nics: [nic('eth0', 'svc')] }
	]
};

const overlap = (a: Box, b: Box) =>
	a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function boxesOf({ nodes }: Drawing): Box[] {
	return nodes.map(({ box }) => box);
}

for (const [what, network] of [
	['three machines', HEARTBEAT],
	['seven machines', SEVEN]
] as const)
	for (const room of [320, 358, 560, 620, 900, 1200]) {
		const drawing = layOut(network, room);

		test(`nothing overlaps or leaves the drawing: ${what}, ${room} px`, () => {
			const boxes = boxesOf(drawing);
			boxes.forEach((box, at) => {
				for (const other of boxes.slice(at + 1)) expect(overlap(box, other)).toBe(false);
				expect(box.x).toBeGreaterThanOrEqual(0);
				expect(box.x + box.width).toBeLessThanOrEqual(drawing.width);
				expect(box.y + box.height).toBeLessThanOrEqual(drawing.height);
			});
			for (const { ports } of drawing.nodes)
				ports.forEach(({ box }, at) => {
					for (const other of ports.slice(at + 1)) expect(overlap(box, other.box)).toBe(false);
				});
		});

		test(`every wire leads from its segment to its port: ${what}, ${room} px`, () => {
			for (const [at, node] of drawing.nodes.entries()) {
				const nics = network.nodes[at]?.nics ?? [];
				expect(node.ports.map(({ name }) => name).sort()).toEqual(nics.map(({ name }) => name));
				for (const { name, wire, box } of node.ports) {
					const segment = nics.find((each) => each.name === name)?.segment;
					const bar = drawing.segments.find((each) => each.name === segment)?.bar;
					expect(bar).toBeDefined();
					if (!bar) continue;
					expect(wire.x1).toBeGreaterThanOrEqual(bar.x1);
					expect(wire.x1).toBeLessThanOrEqual(bar.x2);
					expect(wire.y1).toBeGreaterThanOrEqual(bar.y1);
					expect(wire.y1).toBeLessThanOrEqual(bar.y2);
					expect(wire.x2).toBeGreaterThanOrEqual(box.x);
					expect(wire.x2).toBeLessThanOrEqual(box.x + box.width);
				}
			}
		});

		test(`no label is covered by a machine: ${what}, ${room} px`, () => {
			for (const { label } of drawing.segments)
				for (const box of boxesOf(drawing)) expect(overlap(label, box)).toBe(false);
		});
	}

test('a telephone gets the machines below one another', () => {
	expect(layOut(HEARTBEAT, 358)).toMatchObject({ kind: 'stack', width: 358 });
	expect(layOut(HEARTBEAT, 620)).toMatchObject({ kind: 'row', width: 620 });
});

test('more machines than fit make the drawing wider, never the machines unreadable', () => {
	const drawing = layOut(SEVEN, 560);
	expect(drawing.width).toBeGreaterThan(560);
	expect(Math.min(...boxesOf(drawing).map(({ width }) => width))).toBeGreaterThanOrEqual(100);
});

test('addresses are cut short, all of them, where ports are close', () => {
	const shown = (drawing: Drawing) =>
		drawing.nodes.flatMap(({ ports }) => ports.map(({ address }) => address));
	expect(shown(layOut(HEARTBEAT, 620))).toContain('192.168.1.100');
	expect(shown(layOut(HEARTBEAT, 358))).toContain('192.168.1.100');
	expect(shown(layOut(SEVEN, 900)).filter((address) => address !== '')).toEqual(
		expect.arrayContaining(['.2', '.10'])
	);
	expect(shown(layOut(SEVEN, 900)).join(' ')).not.toContain('192');
});

test('a segment that nobody is on is drawn nowhere in a row', () => {
	const network = { ...HEARTBEAT, segments: [...HEARTBEAT.segments, { name: 'spare', subnet: null }] };
	expect(layOut(network, 620).segments.map(({ name }) => name)).toEqual(['lan', 'hb']);
});

test('the part of an address that the subnet leaves open', () => {
	expect(hostPart('192.168.1.10/24', '192.168.1.0/24')).toBe('.10');
	expect(hostPart('172.16.3.4/16', '172.16.0.0/16')).toBe('.3.4');
	expect(hostPart('192.168.1.130/25', '192.168.1.128/25')).toBe('.130');
	expect(hostPart('10.0.0.1/8', null)).toBe('10.0.0.1');
});
