import type { Meter, MeterTick } from '#lib/api/types.ts';
import type { LabSession } from '#lib/session/lab-session.svelte.ts';
import { connection } from '#lib/state/connection.svelte.ts';
import { api } from './api';
import { taken } from './meter';

/** One session's meter, kept up to date by its event stream. Call while a component is set up. */
export class MeterWatch {
	meter = $state.raw<Meter | null>(null);
	error = $state.raw<unknown>(null);
	#session: string;
	#asking = false;

	constructor(session: string, run: LabSession) {
		this.#session = session;
		$effect(() => {
			void connection.returns;
			void this.ask();
		});
		$effect(() => run.onMeter((tick) => this.#take(tick)));
	}

	ask = () => this.#do(() => api.meter(this.#session));
	reset = () => this.#do(() => api.reset(this.#session));
	predict = (probe: string, seconds: number, parts: Record<string, number>) =>
		this.#do(() => api.predict(this.#session, { probe, seconds, parts }));

	get table(): string {
		return api.table(this.#session);
	}

	async #do(ask: () => Promise<Meter>): Promise<void> {
		if (this.#asking) return;
		this.#asking = true;
		try {
			this.meter = await ask();
			this.error = null;
		} catch (error) {
			this.error = error;
		} finally {
			this.#asking = false;
		}
	}

	#take(tick: MeterTick): void {
		if (this.meter === null || this.#asking) return;
		const next = taken(this.meter, tick);
		if (next) this.meter = next;
		else void this.ask();
	}
}
