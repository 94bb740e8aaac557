import { api, ApiError, type Language, type Me } from '#lib/api/index.ts';
import { i18n } from '#lib/i18n/index.svelte.ts';
import { forgetLoaded } from './loaded.svelte';
import { appearance, type Choice } from './theme.svelte';

/** Who is signed in, and what they chose to see; choices are kept with the account and in the browser. */
class Person {
	me = $state<Me | null>(null);
	/** Unknown until the server has said so once. */
	state = $state<'unknown' | 'in' | 'out'>('unknown');

	/** Asks the server, unless it has told us already. */
	async recognise(): Promise<void> {
		if (this.state !== 'unknown') return;
		try {
			this.signedIn(await api.me({ expects401: true }));
		} catch (error) {
			if (error instanceof ApiError && error.status === 401) this.signedOut();
		}
	}


	signedIn(me: Me): void {
		if (this.me?.id !== me.id) forgetLoaded();
		this.me = me;
		this.state = 'in';
		if (me.language && me.language !== i18n.language) void i18n.use(me.language).catch(() => {});
		if (me.theme && me.theme !== appearance.choice) appearance.use(me.theme);
	}

	signedOut(): void {
		this.me = null;
		this.state = 'out';
		forgetLoaded();
	}

	async chooseLanguage(language: Language): Promise<void> {
		await i18n.use(language);
		if (this.me) this.me = await api.changeMe({ language });
	}

	async chooseTheme(choice: Choice): Promise<void> {
		appearance.use(choice);
		if (this.me) this.me = await api.changeMe({ theme: choice === 'system' ? null : choice });
	}
}

export const person = new Person();
