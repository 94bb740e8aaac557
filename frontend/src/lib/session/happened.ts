import type { Happened } from '#lib/api/types.ts';
import type { Words } from './words';

const BROKEN = /^fault\.(disk\.(pull|fail)|cable\.cut|power\.(off|reset)|reset|node\.(freeze|panic)|segment\.off|net\.(partition|shape)|process\.(kill|stop))$|^(node|agent)\.lost$/;

/** Whether something broke, or was broken. */
export function breaks({ kind }: Happened): boolean {
	return BROKEN.test(kind);
}

/** An event as a person tells it: on what, what, and how. */
export function told(event: Happened, m: Pick<Words, 'happened' | 'logDetail'>): string {
	const what = m.happened[event.kind] ?? event.kind;
	const process = event.kind.startsWith('fault.process.') ? event.detail : '';
	const how = event.kind === 'fault.net.shape' && event.detail ? m.logDetail(event.detail) : '';
	return [subject(event), process, what].filter(Boolean).join(' ') + how;
}

function subject({ kind, node, peer, disk, nic, segment, detail }: Happened): string {
	const arrow = kind === 'fault.net.partition' && /one[ -]way/.test(detail) ? '→' : '⇄';
	const machine = node && peer ? `${node} ${arrow} ${peer}` : node;
	return [segment, machine, disk ?? nic].filter(Boolean).join(' ');
}
