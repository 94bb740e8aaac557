import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

// `NINES_DEV_SERVER=http://127.0.0.1:8100 npm run dev` talks to another server than the usual one.
const server = process.env['NINES_DEV_SERVER'] ?? 'http://127.0.0.1:8000';
// The server refuses unsafe requests from a foreign origin; in development the page's origin is Vite's.
const proxied = { target: server, ws: true, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({ fallback: 'index.html', precompress: true }),
			csp: { mode: 'hash', directives: { 'script-src': ['self'] } },
			compilerOptions: { runes: true }
		})
	],
	server: { host: '127.0.0.1', port: 5173, proxy: { '/api': proxied, '/healthz': proxied } },
	build: { assetsInlineLimit: 0 }
});
