/** Where to go after signing in: a path of this site, never another site's address. */
export function ownPath(next: string | null, origin: string): string {
	if (!next) return '/';
	try {
		const url = new URL(next, origin);
		if (url.origin !== origin || url.pathname === '/sign-in') return '/';
		return url.pathname + url.search + url.hash;
	} catch {
		return '/';
	}
}

/** The sign-in page, which leads back to `path`. */
export function signInPath(path: string): string {
	return path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`;
}
