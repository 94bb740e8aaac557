import type { Answers } from '#lib/api/index.ts';

/** What was typed into the last problem of each calculation, kept in the browser. */
interface Draft {
	draw: string;
	answers: Answers;
	answered: boolean;
}

const keyOf = (slug: string) => `nines.draft.${slug}`;

function read(slug: string): Draft | null {
	try {
		const stored: unknown = JSON.parse(localStorage.getItem(keyOf(slug)) ?? 'null');
		return typeof stored === 'object' && stored !== null && 'draw' in stored ? (stored as Draft) : null;
	} catch {
		return null;
	}
}

function write(slug: string, draft: Draft): void {
	try {
		localStorage.setItem(keyOf(slug), JSON.stringify(draft));
	} catch {
		// Forbidden or full storage: a reload then starts with empty fields.
	}
}

export const drafts = {
	keep(slug: string, draw: string, answers: Answers): void {
		write(slug, { draw, answers, answered: false });
	},
	answered(slug: string, draw: string): void {
		const draft = read(slug);
		if (draft?.draw === draw) write(slug, { ...draft, answered: true });
	},
	unanswered(slug: string): string | null {
		const draft = read(slug);
		return draft && !draft.answered ? draft.draw : null;
	},
	typed(slug: string, draw: string): Answers {
		const draft = read(slug);
		return draft?.draw === draw ? draft.answers : {};
	}
};
