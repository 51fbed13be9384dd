import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the clients of docs/api.md to a folder, beside what `.ci/contract` generates: `tsx page-samples.ts FOLDER`.
 * Each ends with lines that a compiler accepts only where the answer and the problem have the types of the contract.
 */
const [folder = '.'] = process.argv.slice(2);
const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

const checks = {
  ts: `
if (error) error.type satisfies \`urn:kubepass:problem:\${string}\`;
else data.request.id satisfies string;
// @ts-expect-error: a problem has the members of the contract and no others
error?.nothing;
// @ts-expect-error: and so has an answer
data?.nothing;
`,
  python: `
from typing_extensions import assert_type
assert_type(answer, models.Kubeconfig | models.Problem | None)
`,
};

for (const [language, check] of Object.entries(checks)) {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block);
  const [sample] = blocks;
  if (sample === undefined || blocks.length > 1)
    throw new Error(`docs/api.md has ${blocks.length} clients in ${language}`);
  mkdirSync(join(folder, language), { recursive: true });
  writeFileSync(join(folder, language, language === 'ts' ? 'client.ts' : 'client.py'), sample + check);
}
