/**
 * One attachment to a terminal that the sandbox keeps: bytes in order, none twice, none lost.
 *
 * Binary frames are bytes, text frames are JSON (ARCHITECTURE.md, "The terminal's WebSocket").
 * After a break it attaches again with `after`, so the server sends only what is missing.
 */

export type LinkState = 'connecting' | 'open' | 'waiting' | 'ended' | 'refused';

export interface LinkHandlers {
	/** Bytes to show; call `done` when they have been dealt with. */
	output(bytes: Uint8Array, done: () => void): void;
	/** A gap: older output than the server keeps is missing before the next bytes. */
	gap(): void;
	state(state: LinkState, code: number | null): void;
	size(): { rows: number; columns: number };
}

const CLOSED = { notSignedIn: 4401, foreign: 4403, notFound: 4404, notReady: 4409, unreachable: 4503 };
const FINAL: readonly number[] = [CLOSED.notSignedIn, CLOSED.foreign, CLOSED.notFound];
const ACK_EVERY = 32 * 1024;
const ACK_SOON_MS = 40;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 3_000;

export class TerminalLink {
	#socket: WebSocket | null = null;
	#received: number | null = null;
	#unacknowledged = 0;
	#ackTimer: ReturnType<typeof setTimeout> | null = null;
	#retryTimer: ReturnType<typeof setTimeout> | null = null;
	#wait = FIRST_WAIT_MS;
	#closed = false;

	constructor(
		readonly path: string,
		readonly handlers: LinkHandlers
	) {
		this.#connect();
	}

	send(keys: string | Uint8Array): void {
		if (this.#socket?.readyState !== WebSocket.OPEN) return;
		this.#socket.send(typeof keys === 'string' ? new TextEncoder().encode(keys) : new Uint8Array(keys));
	}

	resize(rows: number, columns: number): void {
		this.#control({ type: 'resize', rows, columns });
	}

	/** Try now instead of after the pause: the network or the machine is back. */
	retry(): void {
		if (this.#retryTimer === null) return;
		clearTimeout(this.#retryTimer);
		this.#wait = FIRST_WAIT_MS;
		this.#connect();
	}

	close(): void {
		this.#closed = true;
		if (this.#ackTimer) clearTimeout(this.#ackTimer);
		if (this.#retryTimer) clearTimeout(this.#retryTimer);
		this.#socket?.close(1000);
	}

	#connect(): void {
		this.#retryTimer = null;
		this.handlers.state('connecting', null);
		const { rows, columns } = this.handlers.size();
		const query = new URLSearchParams({ rows: `${rows}`, columns: `${columns}` });
		if (this.#received !== null) query.set('after', `${this.#received}`);
		const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
		const socket = new WebSocket(`${scheme}://${location.host}/api/v1${this.path}?${query}`);
		socket.binaryType = 'arraybuffer';
		this.#socket = socket;
		this.#unacknowledged = 0;
		socket.onmessage = ({ data }) => {
			if (typeof data === 'string') this.#hear(JSON.parse(data) as Control);
			else this.#show(socket, new Uint8Array(data as ArrayBuffer));
		};
		socket.onclose = ({ code }) => this.#lost(socket, code);
	}

	#hear(control: Control): void {
		if (control.type === 'attached') {
			this.#received = control.offset;
			this.#wait = FIRST_WAIT_MS;
			if (control.gap) this.handlers.gap();
			this.handlers.state('open', null);
		} else if (control.type === 'ended') {
			this.#closed = true;
			this.handlers.state('ended', null);
		}
	}

	#show(socket: WebSocket, bytes: Uint8Array): void {
		this.#received = (this.#received ?? 0) + bytes.length;
		this.handlers.output(bytes, () => {
			if (socket !== this.#socket) return;
			this.#unacknowledged += bytes.length;
			if (this.#unacknowledged >= ACK_EVERY) this.#acknowledge();
			else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_SOON_MS);
		});
	}

	#acknowledge(): void {
		if (this.#ackTimer) clearTimeout(this.#ackTimer);
		this.#ackTimer = null;
		if (this.#unacknowledged === 0) return;
		this.#control({ type: 'ack', bytes: this.#unacknowledged });
		this.#unacknowledged = 0;
	}

	#control(message: object): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
	}

	#lost(socket: WebSocket, code: number): void {
		if (socket !== this.#socket || this.#closed) return;
		if (FINAL.includes(code)) {
			this.#closed = true;
			this.handlers.state('refused', code);
			return;
		}
		this.handlers.state('waiting', code);
		this.#retryTimer = setTimeout(() => this.#connect(), this.#wait);
		this.#wait = Math.min(this.#wait * 1.6, LONGEST_WAIT_MS);
	}
}

type Control =
	| { type: 'attached'; offset: number; opened: boolean; gap: boolean }
	| { type: 'ended' }
	| { type: 'error'; error: string; detail: string };
