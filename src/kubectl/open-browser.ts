import { spawn } from 'node:child_process';
import type { Machine } from './machine.js';

/** Why no browser can be opened here; null where one can. */
export function whyNoBrowser({ environment, platform }: Pick<Machine, 'environment' | 'platform'>): string | null {
  const has = (name: string) => (environment[name] ?? '') !== '';
  if (has('BROWSER')) return null;
  if (has('SSH_CONNECTION') || has('SSH_TTY')) return 'this is a session over SSH';
  if (platform === 'darwin' || platform === 'win32') return null;
  return has('DISPLAY') || has('WAYLAND_DISPLAY') ? null : 'there is no display';
}

/** Opens the URL, which is also printed: a browser that does not start is no failure. */
export function openBrowser(url: string, { environment, platform }: Pick<Machine, 'environment' | 'platform'>): void {
  const [command, ...args] = environment['BROWSER']
    ? [environment['BROWSER'], url]
    : platform === 'darwin'
      ? ['open', url]
      : platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
