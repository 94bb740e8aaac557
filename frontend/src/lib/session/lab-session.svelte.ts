import {
	api,
	ApiError,
	listen,
	type Attempt,
	type CheckResult,
	type Fault,
	type GradingEvent,
	type Happened,
	type MeterTick,
	type Session
} from '#lib/api/index.ts';
import { connection } from '#lib/state/connection.svelte.ts';

const LIVE: readonly Session['state'][] = ['queued', 'starting', 'ready', 'expiring', 'stopping'];
const USABLE: readonly Session['state'][] = ['ready', 'expiring'];

export type Action = 'start' | 'extend' | 'reset' | 'stop' | 'check' | `fault ${string}`;

/** Names one fault among all that could be asked for. */
export function faultAction(fault: Fault): Action {
	return `fault ${JSON.stringify(fault)}`;
}

/**
 * One student's run of one lab, as the page knows it: the session, its events, its attempts.
 *
 * The server decides; this listens and asks. Call while a component is being set up.
 */
export class LabSession {
	session = $state.raw<Session | null>(null);
	/** The live session of another lab that stands in the way of starting. */
	other = $state.raw<Session | null>(null);
	known = $state(false);
	happened = $state.raw<Happened[]>([]);
	attempts = $state.raw<Attempt[]>([]);
	/** What is being asked of the server, and what it last refused. */
	busy = $state<Action | null>(null);
	refusal = $state.raw<{ action: Action; error: unknown } | null>(null);
	now = $state(Date.now());

	#meters = new Set<(tick: MeterTick) => void>();
	#slug: () => string;
	#skew = 0;
	#stopListening: (() => void) | null = null;
	#listeningTo: string | null = null;

	constructor(slug: () => string) {
		this.#slug = slug;
		$effect.pre(() => {
			slug();
			void connection.returns;
			void this.#find();
		});
		$effect(() => {
			const timer = setInterval(() => (this.now = Date.now()), 1000);
			return () => {
				clearInterval(timer);
				this.#unlisten();
			};
		});
	}

	get live(): boolean {
		return this.session !== null && LIVE.includes(this.session.state);
	}

	get usable(): boolean {
		return this.session !== null && USABLE.includes(this.session.state);
	}

	get secondsLeft(): number {
		if (!this.session) return 0;
		return Math.max(0, Math.round((Date.parse(this.session.expires_at) - this.now - this.#skew) / 1000));
	}

	get running(): Attempt | null {
		return this.attempts.find(({ state }) => state === 'running') ?? null;
	}

	/** The newest attempt, when a dead server cut it short. */
	get interrupted(): boolean {
		return this.attempts[0]?.state === 'interrupted';
	}

	/** What is known of each check: its newest result that says something. */
	get results(): Map<string, CheckResult> {
		const newest = new Map<string, CheckResult>();
		for (const attempt of this.attempts)
			for (const result of attempt.results) {
				const seen = newest.get(result.check);
				if (result.outcome === 'running' && attempt.state !== 'running') continue;
				if (!seen) newest.set(result.check, result);
			}
		return newest;
	}

	start = () =>
		this.#do('start', async () => {
			this.other = null;
			this.happened = [];
			this.#take(await api.startSession(this.#slug()));
		});

	endOtherAndStart = () =>
		this.#do('start', async () => {
			if (this.other) await api.endSession(this.other.id);
			this.other = null;
			this.#take(await api.startSession(this.#slug()));
		});

	extend = () => this.#do('extend', async (id) => this.#take(await api.extendSession(id)));
	reset = () => this.#do('reset', async (id) => this.#take(await api.resetSession(id)));
	stop = () =>
		this.#do('stop', async (id) => {
			await api.endSession(id);
			this.#take(await api.session(id));
		});

	check = (step: string | null) =>
		this.#do('check', async (id) => this.#keep(await api.check(id, { step, only: null })));

	inject = (fault: Fault) =>
		this.#do(faultAction(fault), async (id) => {
			await api.inject(id, fault);
		});

	/** Hear what the meter measures, until the returned function is called. */
	onMeter(hear: (tick: MeterTick) => void): () => void {
		this.#meters.add(hear);
		return () => this.#meters.delete(hear);
	}

	/** Whether it was done. */
	async #do(action: Action, ask: (session: string) => Promise<void>): Promise<boolean> {
		if (this.busy) return false;
		this.busy = action;
		this.refusal = null;
		try {
			await ask(this.session?.id ?? '');
			return true;
		} catch (error) {
			if (error instanceof ApiError && error.code === 'session_already_live') await this.#find();
			else this.refusal = { action, error };
			return false;
		} finally {
			this.busy = null;
		}
	}

	async #find(): Promise<void> {
		const slug = this.#slug();
		try {
			const live = await api.liveSession();
			this.other = live && live.lab !== slug ? live : null;
			if (live && live.lab === slug) this.#take(live);
			// What was live when the line broke may have ended meanwhile.
			else if (this.live && this.session) this.#take(await api.session(this.session.id));
			const past = await api.pastAttempts(slug);
			if (slug !== this.#slug()) return;
			this.attempts = past;
			this.known = true;
		} catch (error) {
			if (!(error instanceof ApiError && error.unreachable)) {
				this.refusal = { action: 'start', error };
				this.known = true;
			}
		}
	}

	#take(session: Session): void {
		this.session = session;
		this.#skew = Date.parse(session.server_time) - Date.now();
		if (this.live) this.#listen(session.id);
	}

	#listen(id: string): void {
		if (this.#listeningTo === id) return;
		this.#unlisten();
		this.#listeningTo = id;
		// The stream tells what happens from now on; what happened before is asked for.
		api.log(id).then(
			(past) => this.#listeningTo === id && this.#heard(past),
			() => {}
		);
		this.#stopListening = listen(api.eventsPath(id), {
			onevent: ({ event, data }) => this.#hear(event, JSON.parse(data)),
			onlost: () => connection.lost()
		});
	}

	#unlisten(): void {
		this.#stopListening?.();
		this.#stopListening = null;
		this.#listeningTo = null;
	}

	#hear(event: string, data: unknown): void {
		if (event === 'session') {
			const session = data as Session;
			this.session = session;
			this.#skew = Date.parse(session.server_time) - Date.now();
			if (!this.live) this.#unlisten();
		} else if (event === 'happened') {
			this.#heard([data as Happened]);
		} else if (event === 'grading') this.#grade(data as GradingEvent);
		else if (event === 'meter') for (const hear of this.#meters) hear(data as MeterTick);
	}

	#heard(events: Happened[]): void {
		const known = new Map([...this.happened, ...events].map((event) => [event.n, event]));
		this.happened = [...known.values()].sort((a, b) => a.n - b.n).slice(-200);
	}

	#grade({ attempt, kind, result, attempt_body }: GradingEvent): void {
		if (attempt_body) return this.#keep(attempt_body);
		if (kind === 'interrupted') {
			void api.attempt(attempt).then((whole) => this.#keep(whole));
			return;
		}
		if (!result) return;
		this.attempts = this.attempts.map((each) => {
			if (each.id !== attempt) return each;
			const others = each.results.filter(({ check }) => check !== result.check);
			return { ...each, results: [...others, result] };
		});
	}

	#keep(attempt: Attempt): void {
		const at = this.attempts.findIndex(({ id }) => id === attempt.id);
		if (at < 0) this.attempts = [attempt, ...this.attempts];
		// An answer that overtook its own events must not hide what they said.
		else if (this.attempts[at]?.state === 'running')
			this.attempts = this.attempts.with(at, merge(this.attempts[at], attempt));
	}
}

function merge(old: Attempt, fresh: Attempt): Attempt {
	if (fresh.state !== 'running') return fresh;
	const said = new Map(old.results.map((result) => [result.check, result]));
	for (const result of fresh.results) {
		const before = said.get(result.check);
		if (!before || before.outcome === 'running') said.set(result.check, result);
	}
	return { ...fresh, results: [...said.values()] };
}
