/**
 * Where everything of a topology is drawn: pure geometry, in pixels.
 *
 * With room, the machines stand in a row between their segments, which are bars above and below
 * them. Without, the machines stand below one another and the segments are rails to their left.
 */
import type { SessionNic, SessionNode, SessionSegment } from '#lib/api/types.ts';

export interface Box {
	x: number;
	y: number;
	width: number;
	height: number;
}
export interface Line {
	x1: number;
	y1: number;
	x2: number;
	y2: number;
}
export interface PlacedPort {
	name: string;
	box: Box;
	/** From the segment to the port. */
	wire: Line;
	/** As much of the NIC's address as there is room for. */
	address: string;
}
export interface PlacedNode {
	name: string;
	box: Box;
	ports: PlacedPort[];
	/** Room above and below what is written on the machine. */
	inset: { top: number; bottom: number };
}
export interface PlacedSegment {
	name: string;
	bar: Line;
	label: Box;
	/** The label ends where its box ends, instead of starting where it starts. */
	end: boolean;
}
export interface Drawing {
	kind: 'row' | 'stack';
	width: number;
	height: number;
	nodes: PlacedNode[];
	segments: PlacedSegment[];
}
export interface Network {
	nodes: readonly Pick<SessionNode, 'name' | 'nics' | 'disks'>[];
	segments: readonly Pick<SessionSegment, 'name' | 'subnet'>[];
}

/** Below the first, machines always stand below one another; below the second, when they do not fit. */
const NARROW = 440;
const MIDDLING = 540;
const NODE = { least: 112, most: 190, name: 46, side: 5 };
const FEW = 4;
const PORT = { height: 22, most: 148, gap: 3, letter: 6.35, padding: 13 };
const DISK = { width: 92, height: 26 };
const LABEL = { height: 20, gap: 3 };
const DROP = 17;
const LEVEL = LABEL.height + LABEL.gap + 12;
const RAIL = { first: 8, apart: 14, label: 26, wire: 26 };
const STACK = { name: 34, port: 30, gap: 10, bottom: 6 };

export function layOut(network: Network, width: number): Drawing {
	const fits = width >= MIDDLING || leastWidth(network.nodes.length) <= width;
	return width >= NARROW && fits ? row(network, width) : stack(network, width);
}

/** How wide a row of so many machines is at least. */
export function leastWidth(machines: number): number {
	return machines * NODE.least + (machines - 1) * gapOf(machines);
}

/** What is left of an address when the subnet is known: `.10` of 192.168.1.10 in a /24. */
export function hostPart(address: string, subnet: string | null): string {
	const fixed = Math.floor(Number(subnet?.split('/')[1] ?? 0) / 8);
	return fixed === 0 ? bare(address) : `.${bare(address).split('.').slice(fixed).join('.')}`;
}

function bare(address: string): string {
	return address.split('/')[0] ?? address;
}

function gapOf(machines: number): number {
	return machines <= FEW ? 18 : 10;
}

function row(network: Network, room: number): Drawing {
	const { nodes, segments } = network;
	const gap = gapOf(nodes.length);
	const fit = Math.floor((room - gap * (nodes.length - 1)) / nodes.length);
	const nodeWidth = Math.max(NODE.least, Math.min(NODE.most, fit));
	const used = nodes.length * (nodeWidth + gap) - gap;
	const width = Math.max(room, used);
	const left = Math.round((width - used) / 2);

	const levels = levelsOf(network);
	const depth = (names: string[]) =>
		names.length === 0 ? 0 : PORT.height / 2 + DROP + (names.length - 1) * LEVEL + LABEL.height + LABEL.gap;
	const inset = {
		top: levels.above.length > 0 ? PORT.height / 2 : NODE.side,
		bottom: levels.below.length > 0 ? PORT.height / 2 + 2 : NODE.side
	};
	const disks = Math.max(...nodes.map((node) => disksHeight(node, nodeWidth)));
	const top = depth(levels.above);
	const bottom = top + inset.top + NODE.name + disks + inset.bottom;
	const barOf = (segment: string) =>
		levels.above.includes(segment)
			? top - PORT.height / 2 - DROP - levels.above.indexOf(segment) * LEVEL
			: bottom + PORT.height / 2 + DROP + levels.below.indexOf(segment) * LEVEL;

	const placed = nodes.map((node, at): PlacedNode => {
		const box = { x: left + at * (nodeWidth + gap), y: top, width: nodeWidth, height: bottom - top };
		const ports = [levels.above, levels.below].flatMap((side) => {
			const edge = side === levels.above ? top : bottom;
			const mine = node.nics.filter(({ segment }) => side.includes(segment));
			return mine.map((nic, n) => portOn(edge, nic, n, mine.length, box));
		});
		return { name: node.name, box, inset, ports };
	});

	/** One of `count` ports, side by side over an edge of a machine. */
	function portOn(edge: number, nic: SessionNic, n: number, count: number, box: Box): PlacedPort {
		const place = (box.width - 2 * NODE.side) / count;
		const portWidth = Math.min(PORT.most, place - PORT.gap);
		const x = box.x + NODE.side + place * (n + 0.5);
		const port = { x: x - portWidth / 2, y: edge - PORT.height / 2, width: portWidth, height: PORT.height };
		const end = barOf(nic.segment) < edge ? port.y : port.y + port.height;
		return { name: nic.name, box: port, wire: { x1: x, y1: barOf(nic.segment), x2: x, y2: end }, address: '' };
	}

	function place(name: string): PlacedSegment {
		const joined = placed.filter((_, at) => isOn(nodes[at], name)).map(({ box }) => box);
		const x1 = Math.min(...joined.map(({ x }) => x));
		const x2 = Math.max(...joined.map((box) => box.x + box.width));
		const y = barOf(name);
		const end = x1 > width / 2;
		const label = {
			x: end ? 0 : x1,
			y: levels.above.includes(name) ? y - LABEL.height - LABEL.gap : y + LABEL.gap,
			width: end ? x2 : width - x1,
			height: LABEL.height
		};
		return { name, bar: { x1, y1: y, x2, y2: y }, label, end };
	}

	return {
		kind: 'row',
		width,
		height: bottom + depth(levels.below),
		nodes: withAddresses(placed, network),
		segments: [...levels.above, ...levels.below].map(place)
	};
}

/**
 * The segments above and below the machines, those next to them first.
 *
 * A short bar next to the machines is crossed by fewer wires than a long one would be.
 */
function levelsOf({ nodes, segments }: Network): { above: string[]; below: string[] } {
	const span = (name: string) => {
		const columns = nodes.flatMap((node, at) => (isOn(node, name) ? [at] : []));
		return Math.max(...columns) - Math.min(...columns);
	};
	const used = segments.map(({ name }) => name).filter((name) => nodes.some((node) => isOn(node, name)));
	const side = (odd: number) =>
		used.filter((_, at) => at % 2 === odd).sort((a, b) => span(a) - span(b));
	return { above: side(0), below: side(1) };
}

function stack(network: Network, width: number): Drawing {
	const { nodes, segments } = network;
	const railOf = (segment: string) => segments.findIndex(({ name }) => name === segment);
	const railX = (at: number) => RAIL.first + at * RAIL.apart;
	const left = railX(segments.length - 1) + RAIL.wire;
	let y = segments.length * RAIL.label + STACK.gap;

	const placed = nodes.map((node): PlacedNode => {
		const nics = node.nics.filter(({ segment }) => railOf(segment) >= 0);
		const ports = nics.map(({ name, segment }, at): PlacedPort => {
			const box = { x: left, y: y + STACK.name + at * STACK.port, width: width - left, height: STACK.port };
			const middle = box.y + box.height / 2;
			return { name, box, wire: { x1: railX(railOf(segment)), y1: middle, x2: left, y2: middle }, address: '' };
		});
		const height = STACK.name + nics.length * STACK.port + disksHeight(node, width - left) + STACK.bottom;
		const box = { x: left, y, width: width - left, height };
		y += height + STACK.gap;
		return { name: node.name, box, ports, inset: { top: 0, bottom: STACK.bottom } };
	});

	function place(name: string, at: number): PlacedSegment {
		const x = railX(at);
		const top = at * RAIL.label + RAIL.label / 2;
		const wires = placed.flatMap(({ ports }) => ports.filter(({ wire }) => wire.x1 === x));
		return {
			name,
			bar: { x1: x, y1: top, x2: x, y2: Math.max(top, ...wires.map(({ wire }) => wire.y1)) },
			label: { x: left, y: at * RAIL.label, width: width - left, height: RAIL.label },
			end: false
		};
	}

	return {
		kind: 'stack',
		width,
		height: y - STACK.gap,
		nodes: withAddresses(placed, network),
		segments: segments.map(({ name }, at) => place(name, at))
	};
}

/** Whole addresses where all of them fit; else what their subnets leave open, where that fits. */
function withAddresses(placed: PlacedNode[], { nodes, segments }: Network): PlacedNode[] {
	const nicOf = (at: number, port: PlacedPort) => nodes[at]?.nics.find(({ name }) => name === port.name);
	const fits = ({ name, box }: PlacedPort, address: string) =>
		(name.length + address.length) * PORT.letter + PORT.padding <= box.width;
	const whole = (nic?: SessionNic) => bare(nic?.address ?? '');
	const short = (nic?: SessionNic) =>
		hostPart(whole(nic), segments.find(({ name }) => name === nic?.segment)?.subnet ?? null);
	const allFit = placed.every(({ ports }, at) => ports.every((port) => fits(port, whole(nicOf(at, port)))));
	const shown = (port: PlacedPort, nic?: SessionNic) => {
		if (allFit || !nic?.address) return whole(nic);
		return fits(port, short(nic)) ? short(nic) : '';
	};
	return placed.map((node, at) => ({
		...node,
		ports: node.ports.map((port) => ({ ...port, address: shown(port, nicOf(at, port)) }))
	}));
}

function isOn(node: Network['nodes'][number] | undefined, segment: string): boolean {
	return node?.nics.some((nic) => nic.segment === segment) ?? false;
}

function disksHeight({ disks }: Network['nodes'][number], width: number): number {
	const perRow = Math.max(1, Math.floor((width - 2 * NODE.side) / DISK.width));
	return Math.ceil(disks.length / perRow) * DISK.height;
}
