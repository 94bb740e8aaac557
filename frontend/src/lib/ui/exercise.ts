import type { Exercise } from '#lib/api/index.ts';
import type { Messages } from '#lib/i18n/ja.ts';

/** Where an exercise is done. */
export function placeOf(exercise: Exercise): string {
	return exercise.kind === 'lab' ? `/labs/${exercise.slug}` : `/calculations/${exercise.slug}`;
}

/** The verb on its button: what pressing it does now. */
export function verb(exercise: Exercise, m: Messages): string {
	const { state, session } = exercise.progress;
	if (exercise.kind === 'calculation')
		return state === 'done' ? m.exercise.solveAgain : state === 'started' ? m.exercise.resume : m.exercise.solve;
	if (session) return m.exercise.resumeLive;
	return state === 'done' ? m.exercise.again : state === 'started' ? m.exercise.resume : m.exercise.start;
}

/** What it takes, in a line: machines, disks, minutes. */
export function facts(exercise: Exercise, m: Messages): string[] {
	if (exercise.kind === 'calculation') {
		const parts = [m.exercise.calculation, m.exercise.fresh];
		if (exercise.minutes) parts.push(m.exercise.minutes(exercise.minutes));
		return parts;
	}
	const parts = [m.exercise.machines(exercise.nodes)];
	if (exercise.disks > 0) parts.push(m.exercise.disks(exercise.disks));
	if (exercise.minutes) parts.push(m.exercise.minutes(exercise.minutes));
	return parts;
}

/** What will be broken on purpose, said before it starts. */
export function warning(exercise: Exercise, m: Messages): string | null {
	if (exercise.faults.includes('disk.pull')) return m.exercise.pulls;
	if (exercise.faults.some((each) => each === 'power.off' || each === 'power.reset'))
		return m.exercise.cutsPower;
	return null;
}
