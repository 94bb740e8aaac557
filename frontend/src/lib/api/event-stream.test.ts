import { expect, test } from 'vitest';
import { EventStream } from './event-stream';

test('an event comes out whole, however its bytes arrive', () => {
	const text = 'id: 7\nevent: session\ndata: {"a":\ndata: 1}\n\n';
	for (let cut = 0; cut <= text.length; cut++) {
		const stream = new EventStream();
		const events = [...stream.feed(text.slice(0, cut)), ...stream.feed(text.slice(cut))];
		expect(events).toEqual([{ event: 'session', data: '{"a":\n1}', id: '7' }]);
	}
});

test('pings say nothing, and the last id stays for the next connection', () => {
	const stream = new EventStream();
	expect(stream.feed(': ping\n\nid: 3\ndata: x\n\n: ping\n\n')).toHaveLength(1);
	expect(stream.lastId).toBe('3');
	expect(stream.feed('data: y\n\n')).toEqual([{ event: 'message', data: 'y', id: '3' }]);
});

test('lines may end as Windows ends them', () => {
	expect(new EventStream().feed('event: a\r\ndata: b\r\n\r\n')).toEqual([
		{ event: 'a', data: 'b', id: null }
	]);
});

test('an event without data is none', () => {
	expect(new EventStream().feed('event: a\nid: 1\n\n')).toEqual([]);
});
