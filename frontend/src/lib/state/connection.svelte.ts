/** Whether the server can be reached, and when to ask again for what is missing. */
class Connection {
	away = $state(false);
	offline = $state(false);
	/** Grows by one whenever the server is back: what failed for want of it loads again. */
	returns = $state(0);
	#timer: ReturnType<typeof setTimeout> | null = null;

	lost(): void {
		this.away = true;
		this.#timer ??= setTimeout(() => void this.#ask(), 1500);
	}

	reached(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		if (!this.away) return;
		this.away = false;
		this.returns += 1;
	}

	async #ask(): Promise<void> {
		this.#timer = null;
		try {
			const response = await fetch('/healthz', { cache: 'no-store' });
			if (response.ok) return this.reached();
		} catch {
			// Still away.
		}
		this.lost();
	}

	/** Follows the browser's own idea of being online. */
	follow(): () => void {
		const online = () => {
			this.offline = false;
			if (this.away) void this.#ask();
		};
		const offline = () => (this.offline = true);
		this.offline = navigator.onLine === false;
		addEventListener('online', online);
		addEventListener('offline', offline);
		return () => {
			removeEventListener('online', online);
			removeEventListener('offline', offline);
		};
	}
}

export const connection = new Connection();
