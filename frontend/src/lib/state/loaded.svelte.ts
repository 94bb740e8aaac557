import { ApiError } from '#lib/api/index.ts';
import { connection } from './connection.svelte';

/** What was loaded before, to show at once when a page is opened again. */
const kept = new Map<string, unknown>();

export function forgetLoaded(): void {
	kept.clear();
}

/**
 * Something the page shows, fetched when the page opens and when the server comes back.
 *
 * `key` names it between visits: the old value is on the screen while the new one is on its way.
 * Call while a component is being set up.
 */
export class Loaded<T> {
	value = $state.raw<T | null>(null);
	error = $state.raw<unknown>(null);
	#load: () => Promise<T>;
	#key: () => string;
	#turn = 0;

	constructor(key: string | (() => string), load: () => Promise<T>) {
		this.#key = typeof key === 'string' ? () => key : key;
		this.#load = load;
		let shown: string | null = null;
		$effect.pre(() => {
			const now = this.#key();
			void connection.returns;
			if (now !== shown) {
				this.value = (kept.get(now) as T | undefined) ?? null;
				this.error = null;
				shown = now;
			}
			void this.reload();
		});
	}

	reload = async (): Promise<void> => {
		const turn = ++this.#turn;
		const key = this.#key();
		try {
			const value = await this.#load();
			kept.set(key, value);
			if (turn !== this.#turn) return;
			this.value = value;
			this.error = null;
		} catch (error) {
			if (turn !== this.#turn) return;
			// An old value is better than an error page while the server is away.
			if (error instanceof ApiError && error.unreachable && this.value !== null) return;
			this.error = error;
		}
	};
}
