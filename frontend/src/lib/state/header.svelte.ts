import type { Snippet } from 'svelte';

/** What a page adds to the bar at the top: where we are (left), what can be done (right). */
class Header {
	crumb = $state<Snippet | null>(null);
	actions = $state<Snippet | null>(null);
}

export const header = new Header();

/** Call while a page is being set up; the bar is emptied when the page goes. */
export function useHeader(parts: { crumb?: Snippet; actions?: Snippet }): void {
	$effect.pre(() => {
		header.crumb = parts.crumb ?? null;
		header.actions = parts.actions ?? null;
		return () => {
			// The next page may already have put its own parts there.
			if (header.crumb === (parts.crumb ?? null)) header.crumb = null;
			if (header.actions === (parts.actions ?? null)) header.actions = null;
		};
	});
}
