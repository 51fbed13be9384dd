// Reads what dependency-cruiser found as JSON: prints each import that its rules refuse, and each cycle of folders.
import { dirname } from 'node:path';
import type { ICruiseResult } from 'dependency-cruiser';
import { cyclesOf } from './cycles.js';

/** Made by Prisma. Its folders import each other. */
const generated = 'src/store/generated';

const { modules, summary } = JSON.parse(await new Response(process.stdin as never).text()) as ICruiseResult;

if (modules.length === 0) throw new Error('no file was looked at');

const folders = new Map<string, Set<string>>();
for (const { source, dependencies } of modules) {
  const from = dirname(source);
  if (!isOurs(source)) continue;
  const others = dependencies.map(({ resolved }) => resolved).filter(isOurs);
  folders.set(from, new Set([...(folders.get(from) ?? []), ...others.map(dirname)]));
}
const cycles = cyclesOf(folders);

for (const { rule, from, to } of summary.violations) console.error(`error ${rule.name}: ${from} → ${to}`);
for (const cycle of cycles) console.error(`error folders import each other: ${cycle.join(', ')}`);
console.log(`${modules.length} files, ${folders.size} folders, ${summary.error + cycles.length} errors`);
process.exitCode = summary.error + cycles.length > 0 ? 1 : 0;

function isOurs(path: string): boolean {
  return /^(src|packages)\//.test(path) && !path.startsWith(generated);
}
