import type { Theme } from '#lib/api/types.ts';

const STORED = 'nines.theme';
export type Choice = Theme | 'system';

class Appearance {
	choice = $state<Choice>(firstChoice());

	use(choice: Choice): void {
		this.choice = choice;
		const root = document.documentElement;
		if (choice === 'system') delete root.dataset['theme'];
		else root.dataset['theme'] = choice;
		try {
			if (choice === 'system') localStorage.removeItem(STORED);
			else localStorage.setItem(STORED, choice);
		} catch {
			// Forbidden storage: the choice lasts as long as the page.
		}
	}
}

function firstChoice(): Choice {
	const set = typeof document === 'undefined' ? null : document.documentElement.dataset['theme'];
	return set === 'light' || set === 'dark' ? set : 'system';
}

export const appearance = new Appearance();
