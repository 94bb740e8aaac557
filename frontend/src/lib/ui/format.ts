/** Figures as the page shows them. */

/** A share of one as whole percent; only all of it is 100 and only nothing is 0. */
export function percent(share: number): number {
	const rounded = Math.round(share * 100);
	if (rounded === 100 && share < 1) return 99;
	if (rounded === 0 && share > 0) return 1;
	return rounded;
}

/** An availability in percent with as many digits as it needs to tell its nines, 99.95 not 100. */
export function availability(share: number): string {
	if (share >= 1) return '100';
	const nines = Math.max(0, Math.floor(-Math.log10(1 - share) + 1e-9));
	return trimmed(share * 100, Math.max(2, nines));
}

/** How many leading nines an availability has: 0.999 has 3. */
export function nines(share: number): number {
	if (share >= 1) return 9;
	return Math.max(0, Math.floor(-Math.log10(1 - share) + 1e-9));
}

/** At most `digits` after the point, without trailing zeros, thousands grouped. */
export function trimmed(value: number, digits: number): string {
	return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function isText(value: unknown): value is { ja: string; en: string } {
	return typeof value === 'object' && value !== null && 'ja' in value && 'en' in value;
}

export type Ago =
	| { unit: 'now' }
	| { unit: 'minutes' | 'hours' | 'days'; count: number }
	| { unit: 'date' };

export function ago(then: string, now: number = Date.now()): Ago {
	const minutes = Math.floor((now - Date.parse(then)) / 60_000);
	if (minutes < 1) return { unit: 'now' };
	if (minutes < 60) return { unit: 'minutes', count: minutes };
	if (minutes < 60 * 24) return { unit: 'hours', count: Math.floor(minutes / 60) };
	if (minutes < 60 * 24 * 14) return { unit: 'days', count: Math.floor(minutes / 60 / 24) };
	return { unit: 'date' };
}
