import '@xterm/xterm/css/xterm.css';
import { ClipboardAddon } from '@xterm/addon-clipboard';
import { FitAddon } from '@xterm/addon-fit';
import type { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal, type ITheme } from '@xterm/xterm';

const THEME: ITheme = {
	background: '#10141c',
	foreground: '#d7dce5',
	cursor: '#d7dce5',
	cursorAccent: '#10141c',
	selectionBackground: '#3b4a6b',
	black: '#232a37',
	red: '#ef8f86',
	green: '#6fd3a0',
	yellow: '#e6bf6a',
	blue: '#8fa8ea',
	magenta: '#c79be8',
	cyan: '#76cfd6',
	white: '#d7dce5',
	brightBlack: '#8a93a5',
	brightRed: '#ffaaa2',
	brightGreen: '#8eeabb',
	brightYellow: '#f4d58d',
	brightBlue: '#b0c3f7',
	brightMagenta: '#dcb9f5',
	brightCyan: '#9be4ea',
	brightWhite: '#ffffff'
};

export interface Screen {
	terminal: Terminal;
	search(): Promise<SearchAddon>;
	fit(): void;
	dispose(): void;
}

/** An xterm.js on `place`, with everything we add to it; loaded only where a terminal is shown. */
export function openScreen(place: HTMLElement, fontSize: number): Screen {
	const terminal = new Terminal({
		allowProposedApi: true,
		cursorBlink: true,
		fontFamily: getComputedStyle(place).fontFamily,
		fontSize,
		lineHeight: 1.2,
		scrollback: 10_000,
		theme: THEME,
		macOptionIsMeta: true,
		rightClickSelectsWord: true,
		minimumContrastRatio: 4.5
	});
	const fit = new FitAddon();
	let search: Promise<SearchAddon> | undefined;
	terminal.loadAddon(fit);
	terminal.loadAddon(new Unicode11Addon());
	terminal.unicode.activeVersion = '11';
	terminal.loadAddon(new ClipboardAddon());
	terminal.loadAddon(new WebLinksAddon());
	terminal.open(place);
	drawFast(terminal);
	return {
		terminal,
		search: () => {
			search ??= import('./search').then(({ addSearch }) => addSearch(terminal));
			search.catch(() => (search = undefined));
			return search;
		},
		fit: () => {
			if (place.clientWidth > 40 && place.clientHeight > 40) fit.fit();
		},
		dispose: () => terminal.dispose()
	};
}

/** WebGL where the browser has it; the DOM renderer otherwise, or when the GPU gives up. */
function drawFast(terminal: Terminal): void {
	const probe = document.createElement('canvas').getContext('webgl2', {
		failIfMajorPerformanceCaveat: true
	});
	if (!probe) return;
	probe.getExtension('WEBGL_lose_context')?.loseContext();
	try {
		const webgl = new WebglAddon();
		webgl.onContextLoss(() => webgl.dispose());
		terminal.loadAddon(webgl);
	} catch {
		// The DOM renderer is in place already.
	}
}
