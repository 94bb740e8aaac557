import { request } from '#lib/api/client.ts';
import type { Meter, PredictionCreate } from '#lib/api/types.ts';

const path = (session: string) => `/sessions/${encodeURIComponent(session)}/meter`;

/** What the meter asks of the server; apart from the rest, for pages without one. */
export const api = {
	meter: (session: string) => request<Meter>('GET', path(session)),
	reset: (session: string) => request<Meter>('POST', `${path(session)}/reset`),
	predict: (session: string, prediction: PredictionCreate) =>
		request<Meter>('POST', `${path(session)}/predictions`, prediction),
	table: (session: string) => `/api/v1${path(session)}.csv`
};
