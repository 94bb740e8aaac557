// How much JavaScript a first visit of each route loads, gzipped, against its budget.
// Walks the imports of the last build: what the page needs at once, and what it fetches later.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGETS_KB = { '/(app)/chapters/[number]': 60, '/(app)/labs/[slug]': 220 };
const GENERATED = '.svelte-kit/generated/build/client-optimized';
const CLIENT = '.svelte-kit/output/client';

/** @type {Record<string, {file: string, imports?: string[], dynamicImports?: string[]}>} */
const manifest = JSON.parse(readFileSync(`${CLIENT}/.vite/manifest.json`, 'utf8'));
const app = readFileSync(`${GENERATED}/app.js`, 'utf8');
const found = /export const dictionary = (\{[^;]*\});/.exec(app);
if (!found?.[1]) throw new Error('The build has no routes: run `npm run build` first.');
/** @type {Record<string, [page: number, layouts?: number[]]>} */
const routes = JSON.parse(found[1].replace(/,(\s*[}\]])/g, '$1'));

const ENTRIES = Object.keys(manifest).filter((key) =>
	/client\/(entry|client-entry|payload)\.js$|client-optimized\/app\.js$/.test(key)
);
// A visit loads the words of one language; the Japanese ones are the larger.
const OTHER_LANGUAGE = 'src/lib/i18n/en.ts';
// Loaded when somebody asks for it, not by a visit.
const ON_DEMAND = ['src/lib/terminal/search.ts'];
const isNode = (/** @type {string} */ key) => key.startsWith(`${GENERATED}/nodes/`);

/** @param {string[]} roots @param {boolean} later @returns {Set<string>} */
function reached(roots, later) {
	const files = new Set();
	const seen = new Set();
	const left = [...roots];
	for (let key = left.pop(); key !== undefined; key = left.pop()) {
		const chunk = manifest[key];
		if (!chunk || seen.has(key)) continue;
		seen.add(key);
		if (chunk.file.endsWith('.js')) files.add(chunk.file);
		left.push(...(chunk.imports ?? []));
		if (later) left.push(...(chunk.dynamicImports ?? []).filter((each) => !isNode(each) && ![OTHER_LANGUAGE, ...ON_DEMAND].includes(each)));
	}
	return files;
}

/** @param {Iterable<string>} files */
function kilobytes(files) {
	let bytes = 0;
	for (const file of files)
		bytes += gzipSync(readFileSync(`${CLIENT}/${file}`), { level: 9 }).length;
	return bytes / 1024;
}

let over = false;
console.log('route'.padEnd(28), 'at once'.padStart(9), 'in all'.padStart(9), 'budget'.padStart(9));
for (const [route, [page, layouts = []]] of Object.entries(routes)) {
	const nodes = [0, 1, ...layouts, page].map((n) => `${GENERATED}/nodes/${n}.js`);
	const atOnce = kilobytes(reached([...ENTRIES, ...nodes], false));
	const inAll = kilobytes(reached([...ENTRIES, ...nodes], true));
	const budget = /** @type {Record<string, number>} */ (BUDGETS_KB)[route];
	over ||= budget !== undefined && inAll > budget;
	console.log(
		route.padEnd(28),
		`${atOnce.toFixed(1)} KB`.padStart(9),
		`${inAll.toFixed(1)} KB`.padStart(9),
		budget === undefined ? '' : `${budget} KB`.padStart(9),
		budget !== undefined && inAll > budget ? 'OVER' : ''
	);
}
process.exitCode = over ? 1 : 0;
