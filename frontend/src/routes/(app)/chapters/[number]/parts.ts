import type { Chapter, Exercise, Section } from '#lib/api/index.ts';

export interface Part {
	number: string;
	title: Section['title'];
	sections: Section[];
}

/** Groups 2.1.1, 2.1.2, … under 2.1, in the order they come. */
export function byPart(sections: Section[]): Part[] {
	const parts: Part[] = [];
	for (const section of sections) {
		const last = parts.at(-1);
		if (last && section.level > 2 && section.number.startsWith(`${last.number}.`))
			last.sections.push(section);
		else parts.push({ number: section.number, title: section.title, sections: [section] });
	}
	return parts;
}

/**
 * Shows each exercise once: in the section it names first, or else in the first that lists it.
 * The others are named on its row.
 */
export function eachOnce(sections: Section[]): Section[] {
	const numbers = new Set(sections.map((each) => each.number));
	const shown = new Set<string>();
	return sections.map((section) => ({
		...section,
		exercises: section.exercises.filter(({ kind, slug, sections: [first] }) => {
			const elsewhere = first !== undefined && first !== section.number && numbers.has(first);
			if (elsewhere || shown.has(`${kind} ${slug}`)) return false;
			shown.add(`${kind} ${slug}`);
			return true;
		})
	}));
}

/** Every exercise of the chapter once, also if it belongs to several sections. */
export function exercisesOf(chapter: Chapter): Exercise[] {
	const found = new Map<string, Exercise>();
	for (const section of chapter.sections)
		for (const exercise of section.exercises) found.set(`${exercise.kind} ${exercise.slug}`, exercise);
	return [...found.values()];
}
