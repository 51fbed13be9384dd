import { globSync, readFileSync } from 'node:fs';
import { indirectSentences, markdownProse } from './plain-sentences.js';

/** `docs/findings.md` is made from the catalogue of findings. */
const documents = globSync('{*.md,{docs,test/fixtures,packages}/**/*.md}', {
  exclude: ['**/node_modules/**'],
}).filter((path) => path !== 'docs/findings.md');

for (const path of documents.sort()) {
  const text = readFileSync(path, 'utf8');
  for (const { offset, sentence } of indirectSentences(markdownProse(text))) {
    const line = text.slice(0, offset).split('\n').length;
    console.error(`${path}:${line} Begin with the subject: "${sentence}"`);
    process.exitCode = 1;
  }
}
