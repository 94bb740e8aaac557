/** Which faults the page offers for what is chosen in the topology, and what mends them. */
import type { Fault, FaultKind, Session, SessionDisk, SessionNic, SessionNode, SessionSegment } from '#lib/api/types.ts';

/** What can be chosen: a machine, one of its disks or NICs, or a segment. */
export type Target =
	| { kind: 'node'; node: string }
	| { kind: 'disk'; node: string; disk: string }
	| { kind: 'nic'; node: string; nic: string }
	| { kind: 'segment'; segment: string };

export interface Offer {
	fault: Fault;
	/** What the button's words name: `vdb`, `eth0`, `ha1`, `lan`. */
	on: string;
	mends: boolean;
	/** Has to be told more before it can be done: opens a form. */
	asks: boolean;
}

type Live = Pick<Session, 'nodes' | 'segments'>;

const MENDING: ReadonlySet<FaultKind> = new Set<FaultKind>([
	'disk.insert', 'disk.mend', 'cable.plug', 'power.on', 'node.thaw', 'segment.on', 'net.heal', 'net.clear', 'process.cont'
]);
const ASKING: ReadonlySet<FaultKind> = new Set<FaultKind>(['net.partition', 'net.shape', 'process.kill']);
export const OF_PROCESS = ['process.kill', 'process.stop', 'process.cont'] as const satisfies readonly FaultKind[];

export function offers(live: Live, allowed: readonly string[], target: Target): Offer[] {
	const all = target.kind === 'segment' ? ofSegment(live, target.segment) : onNode(live, target);
	return all.filter(({ fault }) =>
		fault.kind === 'process.kill'
			? OF_PROCESS.some((kind) => allowed.includes(kind))
			: allowed.includes(fault.kind)
	);
}

function onNode(live: Live, target: Exclude<Target, { kind: 'segment' }>): Offer[] {
	const node = live.nodes.find(({ name }) => name === target.node);
	if (!node) return [];
	if (target.kind === 'disk')
		return node.disks.filter(({ name }) => name === target.disk).flatMap((disk) => ofDisk(node, disk));
	if (target.kind === 'nic')
		return node.nics
			.filter(({ name }) => name === target.nic)
			.flatMap((nic) => [ofCable(node, nic), ...onWire(live, node, nic)]);
	return [
		...node.disks.flatMap((disk) => ofDisk(node, disk)),
		...node.nics.map((nic) => ofCable(node, nic)),
		...ofMachine(node),
		...ofPeers(live, node)
	];
}

function ofDisk({ name: node }: SessionNode, disk: SessionDisk): Offer[] {
	const fault = (kind: FaultKind) => offer({ kind, node, disk: disk.name }, disk.name);
	if (!disk.present) return [fault('disk.insert')];
	return [fault('disk.pull'), fault(disk.failing ? 'disk.mend' : 'disk.fail')];
}

function ofCable({ name: node }: SessionNode, nic: SessionNic): Offer {
	return offer({ kind: nic.plugged ? 'cable.cut' : 'cable.plug', node, nic: nic.name }, nic.name);
}

/** What can happen to the traffic of one NIC. */
function onWire(live: Live, { name: node }: SessionNode, { name, segment }: SessionNic): Offer[] {
	const known = live.segments.find((each) => each.name === segment);
	if (!known) return [];
	return [
		...(neighbours(live, node, segment).length > 0
			? [offer({ kind: 'net.partition', node, segment }, name)]
			: []),
		...heals(known, node),
		offer({ kind: 'net.shape', node, segment }, name),
		...(known.shaped?.node === node ? [offer({ kind: 'net.clear', node, segment }, name)] : [])
	];
}

function ofMachine({ name: node, power, frozen }: SessionNode): Offer[] {
	const fault = (kind: FaultKind) => offer({ kind, node }, node);
	if (power === 'off') return [fault('power.on')];
	if (frozen) return [fault('node.thaw'), fault('power.off'), fault('power.reset')];
	return (['power.off', 'power.reset', 'node.freeze', 'node.panic', 'process.kill'] as const).map(fault);
}

/** Between one machine and the others, on every segment they share. */
function ofPeers(live: Live, { name: node }: SessionNode): Offer[] {
	if (neighbours(live, node).length === 0) return [];
	return [
		offer({ kind: 'net.partition', node }, node),
		...live.segments.flatMap((segment) => heals(segment, node))
	];
}

function ofSegment(live: Live, name: string): Offer[] {
	const segment = live.segments.find((each) => each.name === name);
	if (!segment) return [];
	const fault = (kind: FaultKind) => offer({ kind, segment: name }, name);
	const several = live.nodes.filter(({ nics }) => nics.some((nic) => nic.segment === name)).length > 1;
	return [
		fault(segment.up ? 'segment.off' : 'segment.on'),
		...(several ? [fault('net.partition')] : []),
		...heals(segment),
		fault('net.shape'),
		...(segment.shaped ? [offer({ kind: 'net.clear', segment: name, ...around(segment.shaped) }, name)] : [])
	];
}

/** Whom a shaping is limited to, if to anybody. */
function around({ node }: { node: string | null }): Pick<Fault, 'node'> {
	return node === null ? {} : { node };
}

/** For each partition of the segment, or of it those around one machine. */
function heals({ name: segment, partitions }: SessionSegment, of?: string): Offer[] {
	return partitions
		.filter(({ node, peer }) => of === undefined || node === of || peer === of)
		.map(({ node, peer, one_way }) =>
			offer({ kind: 'net.heal', node, peer, segment, ...(one_way ? { one_way } : {}) }, segment)
		);
}

/** The machines that share the segment, or any segment, with one. */
export function neighbours({ nodes }: Pick<Live, 'nodes'>, name: string, segment?: string): string[] {
	const own = nodes.find((node) => node.name === name)?.nics ?? [];
	const shared = own.map((nic) => nic.segment).filter((each) => each === (segment ?? each));
	return nodes
		.filter((node) => node.name !== name && node.nics.some((nic) => shared.includes(nic.segment)))
		.map((node) => node.name);
}

function offer(fault: Fault, on: string): Offer {
	return { fault, on, mends: MENDING.has(fault.kind), asks: ASKING.has(fault.kind) };
}
