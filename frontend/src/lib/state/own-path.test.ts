import { expect, test } from 'vitest';
import { ownPath, signInPath } from './own-path';

const HERE = 'https://nines.example';

test('signing in leads back to where one was', () => {
	expect(ownPath('/labs/ch02-raid1-mdadm?step=2#x', HERE)).toBe('/labs/ch02-raid1-mdadm?step=2#x');
	expect(ownPath(null, HERE)).toBe('/');
});

test('signing in never leads to another site, nor round in a circle', () => {
	for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/sign-in', '/sign-in?next=/x'])
		expect(ownPath(next, HERE), next).toBe('/');
});

test('the way there and back fits together', () => {
	const there = new URL(signInPath('/chapters/2?a=1&b=2'), HERE);
	expect(ownPath(there.searchParams.get('next'), HERE)).toBe('/chapters/2?a=1&b=2');
});
