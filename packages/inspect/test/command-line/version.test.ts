// Tests packages/inspect/src/command-line/version.ts
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { version } from '../../src/command-line/version.js';

it.each(['', 'packages/x509/', 'packages/inspect/', 'packages/kubectl-kubepass/'])(
  'is that of %spackage.json',
  (folder) => {
    const text = readFileSync(new URL(`../../../../${folder}package.json`, import.meta.url), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version });
  },
);
