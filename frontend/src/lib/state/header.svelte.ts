import type { Snippet } from 'svelte';

/** What a page adds to the bar at the top: where we are (left), what can be done (right). */
class Header {
	crumb = $state<Snippet | null>(null);
	actions = $state<Snippet | null>(null);
	/** Keys that only this page has, for the list under `?`. */
	keys = $state.raw<() => Key[]>(() => []);
	showKeys = () => {};
}

export type Key = [keys: string[], what: string];

export const header = new Header();

/** Call while a page is being set up; the bar is emptied when the page goes. */
export function useHeader(parts: { crumb?: Snippet; actions?: Snippet; keys?: () => Key[] }): void {
	$effect.pre(() => {
		header.crumb = parts.crumb ?? null;
		header.actions = parts.actions ?? null;
		header.keys = parts.keys ?? (() => []);
		return () => {
			// The next page may already have put its own parts there.
			if (header.crumb === (parts.crumb ?? null)) header.crumb = null;
			if (header.actions === (parts.actions ?? null)) header.actions = null;
		};
	});
}
