// Writes src/lib/api/openapi.ts from the server's OpenAPI.
//   npm run types                 asks `nines openapi`
//   npm run types -- <file|url>   reads it from there, for example from a running server's /api/v1/openapi.json
//   npm run types -- … --check    writes nothing; fails if the file is not what the server says
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const OUT = 'src/lib/api/openapi.ts';
const [source] = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const check = process.argv.includes('--check');

async function described() {
	if (source === undefined)
		return execFileSync(process.env['NINES'] ?? '../.venv/bin/nines', ['openapi'], {
			encoding: 'utf8'
		});
	if (/^https?:/.test(source)) return (await fetch(source)).text();
	return readFileSync(source, 'utf8');
}

const types =
	'// Written by `npm run types` from the OpenAPI of the server. Do not edit.\n\n' +
	astToString(await openapiTS(JSON.parse(await described())));

if (!check) {
	writeFileSync(OUT, types);
	console.log(`${OUT} is written.`);
} else if (readFileSync(OUT, 'utf8') !== types) {
	console.error(`${OUT} is not what the server says. Run \`npm run types\`.`);
	process.exitCode = 1;
}
