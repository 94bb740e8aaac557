const STORED = 'nines.terminal.font';
const SMALLEST = 9;
const LARGEST = 28;

/** How terminals look in this browser. */
class TerminalPreferences {
	fontSize = $state(stored());

	change(by: number): void {
		this.fontSize = Math.max(SMALLEST, Math.min(LARGEST, this.fontSize + by));
		try {
			localStorage.setItem(STORED, `${this.fontSize}`);
		} catch {
			// Forbidden storage: the choice lasts as long as the page.
		}
	}
}

function stored(): number {
	const size = typeof localStorage === 'undefined' ? NaN : Number(localStorage.getItem(STORED));
	return size >= SMALLEST && size <= LARGEST ? size : 13;
}

export const preferences = new TerminalPreferences();
