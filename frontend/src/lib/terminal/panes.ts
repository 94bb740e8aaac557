/** Which terminals are on the screen: one, or two side by side, and which of them is typed into. */
export interface View {
	shown: readonly string[];
	at: number;
}

export function only(key: string | undefined): View {
	return { shown: key === undefined ? [] : [key], at: 0 };
}

/** Where the terminal is shown already, go there; otherwise it takes the place typed into. */
export function show(view: View, key: string): View {
	const there = view.shown.indexOf(key);
	if (there >= 0) return { ...view, at: there };
	return { ...view, shown: view.shown.length === 0 ? [key] : view.shown.with(view.at, key) };
}

/** Another beside the one typed into; what was typed into keeps the keys. */
export function besides(view: View, key: string): View {
	const current = view.shown[view.at];
	return current === undefined || current === key ? only(key) : { shown: [current, key], at: 0 };
}

/** The other of two. */
export function other(view: View): View {
	return view.shown.length > 1 ? { ...view, at: 1 - view.at } : view;
}

/** Without a terminal that has gone; its neighbour among `left` takes its place, if it is free. */
export function without(view: View, key: string, neighbour: string | undefined): View {
	if (!view.shown.includes(key)) return view;
	const rest = view.shown.filter((each) => each !== key);
	return rest.length > 0 ? only(rest[0]) : only(neighbour);
}

/** What of a remembered view still exists. */
export function restored(view: View, keys: readonly string[]): View {
	const shown = view.shown.filter((key) => keys.includes(key));
	return shown.length === 0 ? only(keys[0]) : { shown, at: Math.min(view.at, shown.length - 1) };
}
