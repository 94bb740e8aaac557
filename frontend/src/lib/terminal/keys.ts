import type { Words } from '#lib/session/words.ts';
import type { Key } from '#lib/state/header.svelte.ts';

/** What a key does to the terminals as a whole; the rest belongs to the machine. */
export type Command = 'next' | 'previous' | 'split' | 'other' | 'open' | 'leave';

const COMMANDS: Record<string, Command> = {
	ArrowRight: 'next',
	ArrowLeft: 'previous',
	ArrowUp: 'leave',
	ArrowDown: 'other',
	KeyE: 'split',
	Enter: 'open'
};

export function commandOf(event: KeyboardEvent): Command | null {
	return COMMANDS[event.code] ?? null;
}

/** For the page's list of keys. */
export function keysOf({ keys: m }: Words): Key[] {
	return [
		[['Ctrl+Shift+←/→'], m.move],
		[['Ctrl+Shift+E'], m.split],
		[['Ctrl+Shift+↓'], m.other],
		[['Ctrl+Shift+Enter'], m.open],
		[['Ctrl+Shift+F'], m.find],
		[['Ctrl+Shift+C'], m.copy],
		[['Ctrl+Shift+V'], m.paste],
		[['Ctrl+Shift+↑'], m.leave],
		[['Delete'], m.close]
	];
}
