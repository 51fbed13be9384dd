import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';

/** Undefined where there is none: browser tests are skipped then. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium'].find(
  (path) => path && isExecutable(path),
);
if (chromiumPath === undefined) console.warn('no chromium here (set CHROMIUM_PATH): the browser tests are skipped');

/** Where tests leave what they saw; not in the repository. */
export const screenshots = fileURLToPath(new URL('./screenshots/', import.meta.url));

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      // Root has no user namespace to build the sandbox in; what is opened is our own page.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
