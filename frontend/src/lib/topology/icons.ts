import type { FaultKind } from '#lib/api/types.ts';

/** Line drawings of 16 px that only the topology uses (see Icon). */
export const SNOW = 'M8 1.8v12.4M2.6 4.9l10.8 6.2M13.4 4.9 2.6 11.1';
export const TABLE = 'M2 3h12v10H2zM2 6.4h12M2 9.7h12M6.4 3v10';
export const DRAWING = 'M2 8h12M4.5 8V5.2M11.5 8V5.2M8 8v2.8M3 2.2h3v3H3zM10 2.2h3v3h-3zM6.5 10.8h3v3h-3z';
const POWER = 'M8 2v5.5M4.6 4.2a5 5 0 1 0 6.8 0';
const DISK =
	'M2.5 4.2c0-1.2 2.5-2 5.5-2s5.5.8 5.5 2-2.5 2-5.5 2-5.5-.8-5.5-2Zm0 0v7.6c0 1.2 2.5 2 5.5 2s5.5-.8 5.5-2V4.2';
const RESET = 'M3 8a5 5 0 1 0 1.6-3.7M4.4 1.8v2.7h2.7';
const CABLE = 'M5 1.8h6v4.7H5zM7 1.8v1.7m2-1.7v1.7M8 6.5v3.2c0 1.3-.8 2-2 2H3.2m0 0v2.5';
const WARN = 'M8 2.5 14 13H2L8 2.5Zm0 4v3.2m0 1.6v.2';
const SEGMENT = 'M1.8 8h12.4M4.5 8V4.5M11.5 8V4.5M8 8v3.5';
const PART = 'M1.8 8h3.4m5.6 0h3.4M6.2 4.5l3.6 7';
const JOIN = 'M1.8 8h12.4M5 4.8 1.8 8 5 11.2m6-6.4L14.2 8 11 11.2';
const SLOW = 'M8 2.5a5.5 5.5 0 1 0 0 11v-11ZM8 2.5a5.5 5.5 0 0 1 0 11M8 5v3.2l2 1.4';
const PROCESS = 'M2 3h12v10H2zM4.5 6.2 6.5 8l-2 1.8M8 10h3';

export const FAULT_ICONS: Record<FaultKind, string> = {
	'disk.pull': DISK,
	'disk.insert': DISK,
	'disk.fail': WARN,
	'disk.mend': DISK,
	'cable.cut': CABLE,
	'cable.plug': CABLE,
	'power.off': POWER,
	'power.on': POWER,
	'power.reset': RESET,
	'node.freeze': SNOW,
	'node.thaw': SNOW,
	'node.panic': WARN,
	'segment.off': SEGMENT,
	'segment.on': SEGMENT,
	'net.partition': PART,
	'net.heal': JOIN,
	'net.shape': SLOW,
	'net.clear': SLOW,
	'process.kill': PROCESS,
	'process.stop': PROCESS,
	'process.cont': PROCESS
};
