import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { images, stampFile, stampOfPictures } from '../../helpers/console-pictures.js';

it('the pictures of the console are not older than the page that they show: `npm run screenshots` draws them', () => {
  expect(readFileSync(stampFile, 'utf8').trim()).toBe(stampOfPictures());
});

it('README has the pictures of the console, which are small', () => {
  const readme = readFileSync(join(images, '../../README.md'), 'utf8');
  for (const scheme of ['light', 'dark']) {
    expect(readme).toContain(`docs/images/console-${scheme}.png`);
    const png = readFileSync(join(images, `console-${scheme}.png`));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.length).toBeLessThan(120_000);
  }
});
