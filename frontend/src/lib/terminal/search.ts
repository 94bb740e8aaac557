import { SearchAddon } from '@xterm/addon-search';
import type { Terminal } from '@xterm/xterm';

/** Search in a terminal's scrollback; loaded when it is first asked for. */
export function addSearch(terminal: Terminal): SearchAddon {
	const search = new SearchAddon();
	terminal.loadAddon(search);
	return search;
}
