/** 2530 → "42:10"; from an hour up "1:02:10". */
export function clock(seconds: number): string {
	const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
	const shown = parts[0] === 0 ? parts.slice(1) : parts;
	return shown.map((part, at) => (at === 0 ? `${part}` : `${part}`.padStart(2, '0'))).join(':');
}

export type Urgency = 'none' | 'soon' | 'last';

/** How pressing it is that a session ends in so many seconds. */
export function urgency(secondsLeft: number): Urgency {
	if (secondsLeft <= 120) return 'last';
	return secondsLeft <= 600 ? 'soon' : 'none';
}
