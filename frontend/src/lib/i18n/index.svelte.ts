import type { Language, Text } from '#lib/api/types.ts';
import type { Messages } from './ja';

const STORED = 'nines.language';

// A page carries the words of one language; the other is fetched when it is asked for.
const FETCH: Record<Language, () => Promise<Messages>> = {
	ja: async () => (await import('./ja')).ja,
	en: async () => (await import('./en')).en
};

class I18n {
	language = $state<Language>(firstLanguage());
	#words = $state.raw<Messages | null>(null);
	/** Nothing is drawn before the words are there (the root layout waits for this). */
	readonly ready: Promise<void> = FETCH[this.language]().then((words) => {
		this.#words ??= words;
	});

	get m(): Messages {
		if (this.#words === null) throw new Error('The words of the page are not loaded yet.');
		return this.#words;
	}

	/** Changes what is on the page in place: no navigation, nothing typed is lost. */
	async use(language: Language): Promise<void> {
		this.#words = await FETCH[language]();
		this.language = language;
		document.documentElement.lang = language;
		try {
			localStorage.setItem(STORED, language);
		} catch {
			// Forbidden storage: the choice lasts as long as the page.
		}
	}
}

export const i18n = new I18n();

/** The side of a two-language text that the page is in. */
export function t(text: Text): string {
	return text[i18n.language];
}

/**
 * A dictionary that travels with one part of the page instead of with every page:
 * `const m = messages({ ja: {…}, en: {…} })`, then `m().key` in the markup.
 */
export function messages<M>(dictionary: { ja: M; en: M }): () => M {
	return () => dictionary[i18n.language];
}

/** The page's language for Intl. */
export function locale(): string {
	return i18n.language === 'ja' ? 'ja-JP' : 'en-GB';
}

function firstLanguage(): Language {
	const lang = typeof document === 'undefined' ? 'ja' : document.documentElement.lang;
	return lang === 'en' ? 'en' : 'ja';
}
