import { i18n } from '#lib/i18n/index.svelte.ts';
import type { LayoutLoad } from './$types';

// Built to static files; the server only answers /api.
export const ssr = false;
export const prerender = false;

export const load: LayoutLoad = () => i18n.ready;
