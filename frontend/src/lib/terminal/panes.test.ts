import { expect, test } from 'vitest';
import { besides, only, other, restored, show, without } from './panes';

const two = { shown: ['a', 'b'], at: 1 };

test('a terminal takes the place that is typed into', () => {
	expect(show(only('a'), 'c')).toEqual({ shown: ['c'], at: 0 });
	expect(show(two, 'c')).toEqual({ shown: ['a', 'c'], at: 1 });
	expect(show(only(undefined), 'c')).toEqual({ shown: ['c'], at: 0 });
});

test('a terminal that is shown already is gone to, never shown twice', () => {
	expect(show(two, 'a')).toEqual({ shown: ['a', 'b'], at: 0 });
});

test('two side by side, and back', () => {
	expect(besides(only('a'), 'b')).toEqual({ shown: ['a', 'b'], at: 0 });
	expect(besides(only('a'), 'a')).toEqual(only('a'));
	expect(other(two)).toEqual({ shown: ['a', 'b'], at: 0 });
	expect(other(only('a'))).toEqual(only('a'));
});

test('what is closed leaves its place to the other, or to its neighbour', () => {
	expect(without(two, 'b', 'c')).toEqual(only('a'));
	expect(without(only('a'), 'a', 'c')).toEqual(only('c'));
	expect(without(only('a'), 'a', undefined)).toEqual(only(undefined));
	expect(without(two, 'c', 'a')).toEqual(two);
});

test('of what is remembered only what is left is shown', () => {
	expect(restored(two, ['a', 'b', 'c'])).toEqual(two);
	expect(restored(two, ['a', 'c'])).toEqual({ shown: ['a'], at: 0 });
	expect(restored(two, ['c'])).toEqual(only('c'));
	expect(restored(two, [])).toEqual(only(undefined));
});
