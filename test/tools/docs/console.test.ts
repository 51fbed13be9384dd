// Tests docs/console.md, docs/tutorial.md
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { images, stampFile, stampOfPictures } from '../../helpers/console-pictures.js';
import { pageText, read, root } from './pages.js';

/** The pages of the console as one text, with a space where they break a line. */
const sources = globSync('packages/console/src/**/*.{ts,tsx}', { cwd: root })
  .map(read)
  .join('\n')
  .replaceAll(/\s+/g, ' ');

/** Names in quotation marks that begin as those of buttons do. */
const quotedIn = (text: string): string[] =>
  [...text.replaceAll(/```[^]*?```/g, '').matchAll(/"([A-Z][^"]{2,60})"/g)].map(([, name = '']) =>
    name.replaceAll(/\s+/g, ' '),
  );

it('the pictures of the console are not older than the page that they show: `npm run screenshots` draws them', () => {
  expect(readFileSync(stampFile, 'utf8').trim()).toBe(stampOfPictures());
});

it('README has the pictures of the console, which are small', () => {
  for (const scheme of ['light', 'dark']) {
    expect(pageText('README.md')).toContain(`docs/images/console-${scheme}.png`);
    const png = readFileSync(join(images, `console-${scheme}.png`));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.length).toBeLessThan(120_000);
  }
});

it('docs/console.md and the tutorial name buttons, fields and headings as the console has them', () => {
  const tutorial = pageText('docs/tutorial.md').split('\n## The same in a browser\n')[1]?.split('\n## ')[0] ?? '';
  for (const text of [pageText('docs/console.md'), tutorial]) {
    const named = quotedIn(text);
    expect(named.length).toBeGreaterThan(8);
    // An issuer has a name of its own, and the two decisions share a button.
    const isThere = (name: string) =>
      sources.includes(name.replace(/ NAME$/, '').replace(/^(?:Approve|Deny) now$/, '} now'));
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  }
});

it('docs/console.md has each page of the navigation, with its address', () => {
  const places = [...read('packages/console/src/frame/places.ts').matchAll(/path: '([^']+)', name: '([^']+)'/g)];
  expect(places.length).toBeGreaterThan(10);
  const page = pageText('docs/console.md');
  expect(
    places.filter(([, path, name]) => !page.includes(`| **${name}** \`${path}\` |`)).map(([, , name]) => name),
  ).toEqual([]);
});

it('docs/console.md explains each directive of the Content-Security-Policy, and no other', () => {
  const served = read('src/http/pages/console-routes.ts');
  const [, list = ''] = /contentSecurityPolicy = \[([^\]]+)\]/.exec(served) ?? [];
  const directives = [...list.matchAll(/"([^"]+)"/g)].map(([, directive]) => directive);
  expect(directives.length).toBeGreaterThan(8);
  const [, table = ''] = /\| directive \| means \|\n([^]*?)\n\n/.exec(pageText('docs/console.md')) ?? [];
  const explained = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)]);
  expect(explained.map(([, directive]) => directive)).toEqual(directives);
});
