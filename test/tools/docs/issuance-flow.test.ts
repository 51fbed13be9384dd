// Tests docs/issuance-flow.md
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auditEventTypes } from '../../../src/model/audit-event.js';
import { requestStates } from '../../../src/model/certificate-request.js';
import { read, root } from './pages.js';

const page = read('docs/issuance-flow.md');
const sources = globSync('src/**/*.ts', { cwd: root, exclude: (path) => path.includes('generated') })
  .map(read)
  .join('\n');

/** Templates such as `too many failed ${things}: …` of the sources, as patterns of the texts that they make. */
const templates = [...sources.matchAll(/`((?:[^`\n\\]|\\.)*\$\{(?:[^`\n\\]|\\.)*)`/g)]
  .map(([, text = '']) => text.split(/\$\{[^}]*\}/))
  .filter((parts) => parts.join('').length > 20)
  .map((parts) => new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`));

const isLogged = (message: string): boolean =>
  sources.includes(message.replace(/ ?…$/, '')) || templates.some((template) => template.test(message));

const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const rowsOf = (heading: string): readonly string[][] =>
  [...section(heading).matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | '));
const codes = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('docs/issuance-flow.md', () => {
  it('lists lines of the log that the service writes', () => {
    const messages = rowsOf('Log lines to know')
      .flatMap(([cell]) => codes(cell))
      .filter((code) => code !== 'msg');
    expect(messages.length).toBeGreaterThan(50);
    expect(messages.filter((message) => !isLogged(message))).toEqual([]);
    expect(isLogged('there was no log of this')).toBe(false);
  });

  it('explains each reason with which a signer refuses', () => {
    const signing = globSync('src/{signing,requests/issuance}/*.ts', { cwd: root }).map(read).join('\n');
    const thrown = [...signing.matchAll(/SigningRefusedError\([^,']*'(\w+)'/g)].map(([, reason = '']) => reason);
    expect(thrown.length).toBeGreaterThan(6);
    const explained = rowsOf('How an attempt can fail').flatMap(([cell]) => codes(cell));
    expect(thrown.filter((reason) => !explained.includes(reason))).toEqual([]);
  });

  it('has every state, and an audit event for each move', () => {
    const moves = rowsOf('States').slice(1);
    const named = moves.flatMap(([cell]) => codes(cell)).filter((state) => requestStates.some((one) => one === state));
    expect(new Set(named)).toEqual(new Set(requestStates));
    const events = moves.flatMap(([, , cell]) => codes(cell)[0] ?? []);
    expect(events.filter((event) => !auditEventTypes.some((type) => type === event))).toEqual([]);
    expect(events.length).toBeGreaterThan(10);
  });
});
