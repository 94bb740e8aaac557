import { ApiError } from './errors';

const BASE = '/api/v1';
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Told what each request found out; the app hangs its banner and its sign-in page on it. */
export interface Watcher {
	reached(): void;
	away(): void;
	signedOut(): void;
	mustChangePassword(): void;
}
let watcher: Watcher | null = null;
export function watch(next: Watcher): void {
	watcher = next;
}

export interface RequestOptions {
	signal?: AbortSignal;
	/** The caller handles 401 itself (sign-in, password). */
	expects401?: boolean;
}

export async function request<T>(
	method: Method,
	path: string,
	body?: unknown,
	options: RequestOptions = {}
): Promise<T> {
	const init: RequestInit = {
		method,
		credentials: 'same-origin',
		headers: { accept: 'application/json' }
	};
	if (options.signal) init.signal = options.signal;
	if (body !== undefined) {
		init.headers = { ...init.headers, 'content-type': 'application/json' };
		init.body = JSON.stringify(body);
	}
	let response: Response;
	try {
		response = await fetch(BASE + path, init);
	} catch (cause) {
		if (options.signal?.aborted) throw cause;
		watcher?.away();
		throw new ApiError(0, 'unreachable', 'The server did not answer.');
	}
	if (response.ok) {
		watcher?.reached();
		return (response.status === 204 ? undefined : await response.json()) as T;
	}
	const error = await errorOf(response);
	if (error.unreachable) watcher?.away();
	else watcher?.reached();
	if (error.status === 401 && !options.expects401) watcher?.signedOut();
	if (error.code === 'must_change_password') watcher?.mustChangePassword();
	throw error;
}

/** The one place that knows how the server says no. */
export async function errorOf(response: Response): Promise<ApiError> {
	let body: unknown = null;
	try {
		body = await response.json();
	} catch {
		// A proxy in between answers in HTML when the server behind it is away.
	}
	const said = (body ?? {}) as { error?: unknown; detail?: unknown; params?: unknown };
	if (typeof said.error !== 'string') {
		if ([502, 503, 504].includes(response.status))
			return new ApiError(response.status, 'unreachable', 'The server is being started.');
		const code = response.status === 422 ? 'invalid_input' : `http_${response.status}`;
		return new ApiError(response.status, code, typeof said.detail === 'string' ? said.detail : '');
	}
	return new ApiError(
		response.status,
		said.error,
		typeof said.detail === 'string' ? said.detail : '',
		typeof said.params === 'object' && said.params !== null
			? (said.params as Record<string, unknown>)
			: {}
	);
}
