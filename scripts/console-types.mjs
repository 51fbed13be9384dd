// Writes the types of the contract for packages/console from openapi/openapi.json, when that has changed. The file is
// long and a function of the contract, so it is not committed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const contract = readFileSync(join(root, 'openapi', 'openapi.json'));
const file = join(root, 'packages', 'console', 'src', 'service', 'contract.d.ts');
const stamp = `// SHA-256 of openapi.json: ${createHash('sha256').update(contract).digest('hex')}\n`;

if (!existsSync(file) || !readFileSync(file, 'utf8').startsWith(stamp)) {
  const { default: openapiTypes, astToString } = await import('openapi-typescript');
  const types = await openapiTypes(JSON.parse(contract), { alphabetize: true });
  writeFileSync(file, stamp + astToString(types));
}
