// Keeps host names out of package-lock.json (the registry and the funding pages): run after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));
for (const each of Object.values(lock.packages)) {
	delete each.resolved;
	delete each.funding;
}
writeFileSync(FILE, JSON.stringify(lock, null, 2) + '\n');
