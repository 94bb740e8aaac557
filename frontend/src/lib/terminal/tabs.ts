/** One terminal of the page. */
export interface Tab {
	/** Of the tab; a new shell in it gets a new `id`. */
	key: string;
	id: string;
	node: string;
}

/** In the order of their machines, as they stand in the bar. */
export function inOrder(tabs: readonly Tab[], nodes: readonly string[]): Tab[] {
	return nodes.flatMap((node) => tabs.filter((tab) => tab.node === node));
}

/** The terminal before or after another, around the ends. */
export function neighbour(tabs: readonly Tab[], key: string | undefined, step: number): Tab | undefined {
	const at = tabs.findIndex((tab) => tab.key === key);
	return tabs[(at + step + tabs.length) % tabs.length];
}

/** What to show beside a terminal: the next of another machine, or else the next there is. */
export function companion(tabs: readonly Tab[], key: string | undefined): Tab | undefined {
	const at = tabs.findIndex((tab) => tab.key === key);
	const others = [...tabs.slice(at + 1), ...tabs.slice(0, Math.max(0, at))];
	return others.find(({ node }) => node !== tabs[at]?.node) ?? others[0];
}

/** Which of its machine's terminals it is, from 1. */
export function numberOf(tabs: readonly Tab[], tab: Tab): number {
	return tabs.filter(({ node }) => node === tab.node).findIndex(({ key }) => key === tab.key) + 1;
}
