import { expect, test } from 'vitest';
import { companion, inOrder, neighbour, numberOf, type Tab } from './tabs';

const tab = (key: string): Tab => ({ key, id: key, node: key.split('-')[0] ?? '' });
const tabs = ['a-1', 'a-2', 'b-1', 'c-1'].map(tab);

test('terminals stand by their machines', () => {
	const opened = ['b-1', 'a-1', 'c-1', 'a-2'].map(tab);
	expect(opened.map((each) => numberOf(opened, each))).toEqual([1, 1, 1, 2]);
	expect(inOrder(opened, ['a', 'b', 'c']).map(({ key }) => key)).toEqual(['a-1', 'a-2', 'b-1', 'c-1']);
});

test('neighbours go around the ends', () => {
	expect(neighbour(tabs, 'c-1', 1)?.key).toBe('a-1');
	expect(neighbour(tabs, 'a-1', -1)?.key).toBe('c-1');
	expect(neighbour([], 'a-1', 1)).toBeUndefined();
});

test('beside a terminal stands one of another machine, if there is one', () => {
	expect(companion(tabs, 'a-1')?.key).toBe('b-1');
	expect(companion(tabs, 'c-1')?.key).toBe('a-1');
	expect(companion(tabs.slice(0, 2), 'a-1')?.key).toBe('a-2');
	expect(companion(tabs.slice(0, 1), 'a-1')).toBeUndefined();
});
