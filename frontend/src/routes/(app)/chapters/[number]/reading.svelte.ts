const STORED = 'nines.reading';

/** Which sections are unfolded; still so after a visit to a lab and back. */
class Reading {
	#open = $state<Record<string, boolean>>(restored());

	has(section: string): boolean {
		return this.#open[section] === true;
	}

	set(open: boolean, ...sections: string[]): void {
		for (const each of sections) this.#open[each] = open;
		try {
			sessionStorage.setItem(STORED, JSON.stringify(this.#open));
		} catch {
			// Forbidden storage: unfolded as long as the page lives.
		}
	}
}

function restored(): Record<string, boolean> {
	try {
		const stored: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? '{}');
		return typeof stored === 'object' && stored !== null ? { ...stored } : {};
	} catch {
		return {};
	}
}

export const reading = new Reading();
