import { describe, expect, it } from 'vitest';
import { chromiumPath } from '../chromium.js';
import { axeFindings, picture, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('the console', () => {
  const opened = useConsole();

  it('signs in', async () => {
    const page = await opened.visit(null, '/console/');
    await picture(page, 'sign-in');
    const bob = await opened.visit('bob', '/console/');
    await picture(bob, 'home');
    expect(await axeFindings(page)).toEqual([]);
    expect(await axeFindings(bob)).toEqual([]);
  });
});
