import { readFileSync, writeFileSync } from 'node:fs';
import { findingsDocument, findingsFile, readExamples } from './findings-document.js';

/** Writes `docs/findings.md`. With `--check` it only says whether the file matches the code and the corpus. */
const made = findingsDocument(readExamples());

if (!process.argv.includes('--check')) writeFileSync(findingsFile, made);
else if (readFileSync(findingsFile, 'utf8') === made) console.log('docs/findings.md is what the catalogue makes');
else {
  console.error('docs/findings.md is not what the catalogue makes: run `npm run findings` and commit it');
  process.exitCode = 1;
}
