import { describe, expect, test } from 'vitest';
import { errorOf } from './client';
import { ApiError, KNOWN_CODES, sentence } from './errors';

const answer = (status: number, body: unknown) =>
	errorOf(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));

describe('what the server says', () => {
	test('its code, sentence and facts are kept', async () => {
		const error = await answer(429, {
			error: 'too_many_attempts',
			detail: 'Wait.',
			params: { seconds: 130 }
		});
		expect(error).toMatchObject({ status: 429, code: 'too_many_attempts', detail: 'Wait.' });
		expect(sentence(error).en).toContain('3 minutes');
		expect(sentence(error).ja).toContain('3分');
	});
	test('a proxy that answers for an absent server means: out of reach', async () => {
		for (const status of [502, 503, 504])
			expect((await answer(status, '<html>Bad gateway</html>')).unreachable).toBe(true);
	});
	test('a server that is full is not out of reach', async () => {
		const error = await answer(503, { error: 'no_room', detail: 'Full.' });
		expect(error.unreachable).toBe(false);
	});
	test('an answer in another shape does not break the page', async () => {
		expect((await answer(500, '"?"')).code).toBe('http_500');
		expect((await answer(422, { detail: [{ loc: ['body'] }] })).code).toBe('invalid_input');
		expect((await answer(500, 'null')).status).toBe(500);
	});
});

describe('what the student reads', () => {
	test('every known code has a sentence in both languages', () => {
		for (const code of KNOWN_CODES) {
			const text = sentence(new ApiError(400, code, 'detail'));
			expect(text.ja, code).toMatch(/[\u3040-\u30ff].*。$/);
			expect(text.en, code).toMatch(/\.$/);
			expect(text.en, code).not.toMatch(/[\u3040-\u30ff]/);
		}
	});
	test('an unknown code shows the words of the server', () => {
		const text = sentence(new ApiError(409, 'brand_new', 'The moon is full.'));
		expect(text.en).toBe('The moon is full.');
	});
	test('somebody else’s thing is not found', () => {
		expect(sentence(new ApiError(404, 'lab_not_found', 'x')).en).toContain('nothing here');
	});
	test('a crash of our own is not blamed on anybody', () => {
		expect(sentence(new TypeError('x')).en).toContain('Something went wrong');
	});
});
