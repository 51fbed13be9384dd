// Tests packages/inspect/scripts/findings-document.ts, packages/inspect/src/model/catalogue.ts, docs/findings.md
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findingsDocument, findingsFile, readExamples } from '../../scripts/findings-document.js';
import { findingGroups, findingKinds } from '../../src/model/catalogue.js';

const codes = Object.keys(findingKinds);

it('documents the findings as they are: `npm run findings` otherwise', () => {
  expect(readFileSync(findingsFile, 'utf8')).toBe(findingsDocument(readExamples()));
});

it('documents every finding once', () => {
  expect(Object.values(findingGroups).flatMap((kinds) => Object.keys(kinds))).toEqual(codes);
});

it('raises every finding somewhere', () => {
  const sources = ['packages/inspect/src', 'packages/x509/src/tree'].flatMap(textsIn).join('\n');
  expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});

/** The texts of all sources but the catalogue, which names every code. */
const textsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('catalogue.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
