import { spawn } from 'node:child_process';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';

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
  // A program that opens URLs also opens files, and starts programs.
  if (!['https:', 'http:'].includes(new URL(url).protocol)) throw new PluginError('this URL is not for a browser');
  const [command, args] = openerOf(url, environment['BROWSER'] ?? '', platform);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

function openerOf(url: string, chosen: string, platform: string): readonly [string, readonly string[]] {
  if (chosen !== '') return [chosen, [url]];
  if (platform === 'darwin') return ['open', [url]];
  return platform === 'win32' ? ['rundll32', ['url.dll,FileProtocolHandler', url]] : ['xdg-open', [url]];
}
