/** What state each part of a topology is in, in words and in one of three tones. */
import type { SessionDisk, SessionNode, SessionSegment } from '#lib/api/types.ts';
import type { Words } from './words';

export type Tone = 'up' | 'warn' | 'down';

export function toneOf({ power, ready, frozen }: SessionNode): Tone {
	if (power === 'off') return 'down';
	return ready && !frozen ? 'up' : 'warn';
}

export function statusOf({ power, ready, frozen }: SessionNode, m: Words): string {
	if (frozen) return m.frozen;
	return power === 'on' && !ready ? m.silent : m.power[power];
}

export function sizeOf({ size_mb }: SessionDisk): string {
	return size_mb >= 1024 ? `${size_mb / 1024} GiB` : `${size_mb} MiB`;
}

export function diskState(disk: SessionDisk, m: Words): string {
	if (!disk.present) return m.diskOut;
	return disk.failing ? m.diskFailing : sizeOf(disk);
}

/** Everything about a segment that is not as it should be. */
export function troubles({ up, partitions, shaped }: SessionSegment, m: Words): string[] {
	const list = up ? [] : [m.segmentDown];
	list.push(...partitions.map(m.parted));
	if (shaped) {
		const what = m.shaped(shaped.delay_ms, shaped.loss_percent, shaped.rate_kbit);
		list.push(shaped.node === null ? what : m.shapedOnly(shaped.node, what));
	}
	return list;
}
