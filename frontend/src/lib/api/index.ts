import { request, type RequestOptions } from './client';
import type * as T from './types';

export { ApiError, sentence } from './errors';
export { errorOf } from './client';
export { listen, type Listener, type ServerEvent } from './events';
export type * from './types';

const id = encodeURIComponent;
const get = <R>(path: string, options?: RequestOptions) =>
	request<R>('GET', path, undefined, options);
const post = <R>(path: string, body?: unknown, options?: RequestOptions) =>
	request<R>('POST', path, body, options);
const remove = (path: string) => request<void>('DELETE', path);

/** Every request the pages make, by what it is for. */
export const api = {
	// accounts
	signIn: (name: string, password: string) =>
		post<T.Me>('/sign-in', { name, password }, { expects401: true }),
	signOut: () => post<void>('/sign-out', undefined, { expects401: true }),
	me: (options?: RequestOptions) => get<T.Me>('/me', options),
	changeMe: (change: {
		language?: T.Language;
		theme?: T.Theme | null;
		display_name?: string;
	}) => request<T.Me>('PATCH', '/me', change),
	changePassword: (current: string, next: string) =>
		post<void>('/me/password', { current, new: next }, { expects401: true }),

	// catalog and progress
	home: () => get<T.Home>('/home'),
	chapters: () => get<T.ChapterSummary[]>('/chapters'),
	chapter: (number: number) => get<T.Chapter>(`/chapters/${number}`),
	lab: (slug: string) => get<T.Lab>(`/labs/${id(slug)}`),
	about: () => get<T.About>('/about', { expects401: true }),

	// sessions
	startSession: (lab: string) => post<T.Session>('/sessions', { lab }),
	liveSession: () => get<T.Session | null>('/sessions/live'),
	session: (session: string) => get<T.Session>(`/sessions/${id(session)}`),
	extendSession: (session: string) => post<T.Session>(`/sessions/${id(session)}/extend`),
	resetSession: (session: string) => post<T.Session>(`/sessions/${id(session)}/reset`),
	endSession: (session: string) => remove(`/sessions/${id(session)}`),
	inject: (session: string, fault: T.Fault) =>
		post<{ events: T.Happened[] }>(`/sessions/${id(session)}/faults`, fault),
	log: (session: string) => get<T.Happened[]>(`/sessions/${id(session)}/log`),
	eventsPath: (session: string) => `/sessions/${id(session)}/events`,
	terminals: (session: string) => get<T.Terminal[]>(`/sessions/${id(session)}/terminals`),
	closeTerminal: (session: string, terminal: string) =>
		remove(`/sessions/${id(session)}/terminals/${id(terminal)}`),

	// grading
	check: (session: string, what: { step: string | null; only: 'current' | null }) =>
		post<T.Attempt>(`/sessions/${id(session)}/attempts`, what),
	attempts: (session: string) => get<T.Attempt[]>(`/sessions/${id(session)}/attempts`),
	attempt: (attempt: string) => get<T.Attempt>(`/attempts/${id(attempt)}`),
	pastAttempts: (lab: string) => get<T.Attempt[]>(`/labs/${id(lab)}/attempts`),
	broken: () => get<T.BrokenCheck[]>('/broken'),

	// calculations
	calculation: (slug: string) => get<T.Calculation>(`/calculations/${id(slug)}`),
	draw: (slug: string) => post<T.Draw>(`/calculations/${id(slug)}/draws`, {}),
	drawn: (draw: string) => get<T.Draw>(`/draws/${id(draw)}`),
	answer: (draw: string, answers: T.Answers) =>
		post<T.Verdict>(`/draws/${id(draw)}/answer`, { answers })
};
