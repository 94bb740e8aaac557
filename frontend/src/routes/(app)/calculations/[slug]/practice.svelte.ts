import { api, ApiError, type Answers, type Draw, type Text, type Verdict } from '#lib/api/index.ts';
import { isText } from '#lib/ui/format.ts';
import { drafts } from './drafts';

/** One problem on the screen: drawn, being answered, answered. Survives a reload. */
export class Practice {
	draw = $state.raw<Draw | null>(null);
	verdict = $state.raw<Verdict | null>(null);
	answers = $state<Answers>({});
	error = $state.raw<unknown>(null);
	busy = $state(false);
	/** The problem that was asked for is no longer kept. */
	gone = $state(false);
	/** What could not be read, by ask; typing there takes it away. */
	unreadable = $state<Record<string, Text | null>>({});

	constructor(readonly slug: string) {}

	get streak(): number {
		return this.verdict?.streak ?? this.draw?.streak ?? 0;
	}
	get needed(): number {
		return this.verdict?.needed ?? this.draw?.needed ?? 3;
	}

	/** `id` is the problem in the page's address. Without one, an unanswered problem goes on. */
	async open(id: string | null): Promise<void> {
		this.error = null;
		const wanted = id ?? drafts.unanswered(this.slug);
		try {
			const draw = wanted === null ? null : await this.#kept(wanted);
			this.gone = id !== null && draw === null;
			if (draw) this.#show(draw);
			else await this.next();
		} catch (error) {
			this.error = error;
		}
	}

	async next(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.error = null;
		try {
			this.#show(await api.draw(this.slug));
		} catch (error) {
			this.error = error;
		} finally {
			this.busy = false;
		}
	}

	async answer(): Promise<void> {
		const draw = this.draw;
		if (!draw || this.busy || this.verdict) return;
		this.busy = true;
		this.error = null;
		this.gone = false;
		try {
			this.verdict = await api.answer(draw.id, $state.snapshot(this.answers));
			drafts.answered(this.slug, draw.id);
		} catch (error) {
			const key = error instanceof ApiError && error.code === 'unreadable_answer' && error.params['key'];
			if (typeof key === 'string' && error instanceof ApiError) {
				const message = error.params['message'];
				this.unreadable[key] = isText(message) ? message : null;
			} else if (error instanceof ApiError && error.status === 409) {
				// Answered in another tab: show what came of it.
				await this.open(draw.id);
			} else this.error = error;
		} finally {
			this.busy = false;
		}
	}

	keep(): void {
		if (this.draw && !this.verdict)
			drafts.keep(this.slug, this.draw.id, $state.snapshot(this.answers));
	}

	async #kept(id: string): Promise<Draw | null> {
		try {
			return await api.drawn(id);
		} catch (error) {
			if (error instanceof ApiError && (error.status === 404 || error.status === 422)) return null;
			throw error;
		}
	}

	#show(draw: Draw): void {
		const typed = draw.answers ?? drafts.typed(this.slug, draw.id);
		this.answers = Object.fromEntries(
			draw.asks.map((ask) => {
				const unit = ask.units.some((each) => each.key === typed[ask.key]?.unit);
				return [
					ask.key,
					{
						value: typed[ask.key]?.value ?? '',
						unit: unit ? typed[ask.key]!.unit : (ask.units[0]?.key ?? '')
					}
				];
			})
		);
		this.unreadable = {};
		this.verdict = draw.answered;
		this.draw = draw;
		this.keep();
	}
}
