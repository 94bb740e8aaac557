export interface ServerEvent {
	event: string;
	data: string;
	id: string | null;
}

/** Cuts a stream of server-sent events into events, however the bytes arrive (WHATWG HTML 9.2.6). */
export class EventStream {
	lastId: string | null = null;
	#rest = '';
	#event = '';
	#data: string[] = [];

	feed(text: string): ServerEvent[] {
		const events: ServerEvent[] = [];
		const lines = (this.#rest + text).split('\n');
		this.#rest = lines.pop() ?? '';
		for (const each of lines) {
			const line = each.endsWith('\r') ? each.slice(0, -1) : each;
			if (line === '') {
				if (this.#data.length > 0)
					events.push({
						event: this.#event || 'message',
						data: this.#data.join('\n'),
						id: this.lastId
					});
				this.#event = '';
				this.#data = [];
				continue;
			}
			this.#line(line);
		}
		return events;
	}

	#line(line: string): void {
		const colon = line.indexOf(':');
		if (colon === 0) return;
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
		if (field === 'event') this.#event = value;
		else if (field === 'data') this.#data.push(value);
		else if (field === 'id' && !value.includes('\0')) this.lastId = value;
	}
}
