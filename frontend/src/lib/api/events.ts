import { errorOf } from './client';
import { ApiError } from './errors';
import { EventStream, type ServerEvent } from './event-stream';

export type { ServerEvent };

export interface Listener {
	onevent(event: ServerEvent): void;
	/** Connected (again), or waiting to be. */
	onopen?(): void;
	onlost?(): void;
	/** The server refused for good (401, 403, 404): nothing follows. */
	onrefused?(error: ApiError): void;
}

/** The server pings every 15 s; a line silent for longer than this is dead. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5_000;

/**
 * Listens until the returned function is called, and resumes with Last-Event-ID after every break.
 *
 * Not EventSource: that can neither see why it was refused nor notice a line that went silent.
 */
export function listen(path: string, listener: Listener): () => void {
	const stopped = new AbortController();
	void run(path, listener, stopped.signal);
	return () => stopped.abort();
}

async function run(path: string, listener: Listener, stop: AbortSignal): Promise<void> {
	let lastId: string | null = null;
	let wait = FIRST_WAIT_MS;
	while (!stop.aborted) {
		const silence = new AbortController();
		const signal = AbortSignal.any([stop, silence.signal]);
		let timer = setTimeout(() => silence.abort(), SILENCE_MS);
		try {
			const response = await fetch(`/api/v1${path}`, {
				headers: {
					accept: 'text/event-stream',
					...(lastId === null ? {} : { 'last-event-id': lastId })
				},
				credentials: 'same-origin',
				cache: 'no-store',
				signal
			});
			if (!response.ok || !response.body) {
				const error = await errorOf(response);
				if ([401, 403, 404].includes(response.status)) {
					listener.onrefused?.(error);
					return;
				}
				throw error;
			}
			listener.onopen?.();
			wait = FIRST_WAIT_MS;
			const stream = new EventStream();
			stream.lastId = lastId;
			const decoder = new TextDecoder();
			const reader = response.body.getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done) break;
				clearTimeout(timer);
				timer = setTimeout(() => silence.abort(), SILENCE_MS);
				for (const event of stream.feed(decoder.decode(value, { stream: true })))
					listener.onevent(event);
				lastId = stream.lastId;
			}
		} catch {
			// Whatever broke it, the answer is the same: wait a little and ask for what is missing.
		} finally {
			clearTimeout(timer);
		}
		if (stop.aborted) return;
		listener.onlost?.();
		await pause(wait, stop);
		wait = Math.min(wait * 2, LONGEST_WAIT_MS);
	}
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		stop.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
	});
}
