import type { View } from './panes';

const FONT = 'nines.terminal.font';
const VIEW = 'nines.terminal.view';
const SMALLEST = 9;
const LARGEST = 28;

/** What a session's terminals looked like when they were last seen. */
interface Remembered extends View {
	session: string;
}

/** How terminals look in this browser. */
class TerminalPreferences {
	fontSize = $state(storedFont());

	change(by: number): void {
		this.fontSize = Math.max(SMALLEST, Math.min(LARGEST, this.fontSize + by));
		store(FONT, `${this.fontSize}`);
	}

	/** The last view, of whichever session. */
	get view(): Remembered | null {
		try {
			const { session, shown, at } = JSON.parse(stored(VIEW) ?? '') as Remembered;
			return Array.isArray(shown) && shown.length <= 2 ? { session, shown, at: at === 1 ? 1 : 0 } : null;
		} catch {
			return null;
		}
	}

	remember(session: string, { shown, at }: View): void {
		store(VIEW, JSON.stringify({ session, shown, at }));
	}
}

function storedFont(): number {
	const size = Number(stored(FONT) ?? NaN);
	return size >= SMALLEST && size <= LARGEST ? size : 13;
}

function stored(key: string): string | null {
	return typeof localStorage === 'undefined' ? null : localStorage.getItem(key);
}

function store(key: string, value: string): void {
	try {
		localStorage.setItem(key, value);
	} catch {
		// Forbidden storage: the choice lasts as long as the page.
	}
}

export const preferences = new TerminalPreferences();
