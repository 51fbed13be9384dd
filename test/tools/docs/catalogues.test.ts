// Tests docs/
import { describe, expect, it } from 'vitest';
import { auditEventTypes } from '../../../src/model/audit-event.js';
import { enforcementModes } from '../../../src/model/revocation-enforcement.js';
import { webhookEventTypes } from '../../../src/model/webhook-delivery.js';
import { whyReservedName } from '../../../src/model/name-grammar.js';
import { read } from './pages.js';

/** The names in the first cell of each row of the table with this head. */
function firstCells(page: string, head: string): readonly string[] {
  const [, body = ''] = read(page).split(`\n${head}\n`);
  const rows = /^\|[-:|]+\n((?:\|[^\n]*\n)+)/.exec(body)?.[1] ?? '';
  return rows
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('tables that list everything of a kind', () => {
  it('docs/webhooks.md has each type of event', () => {
    const listed = [
      ...firstCells('docs/webhooks.md', '| type | when | `data` also has |'),
      ...firstCells('docs/webhooks.md', '| type | when | `data` has |'),
    ];
    expect(listed).toEqual([...webhookEventTypes]);
  });

  it('docs/audit.md has each type of event, once', () => {
    const listed = firstCells('docs/audit.md', '| events | about |');
    expect(listed.toSorted()).toEqual(auditEventTypes.toSorted());
  });

  it('docs/audit.md has each reason for which kubepass-verify refuses an export', () => {
    const [, union = ''] = /readonly reason:([^;]*);/.exec(read('src/audit/export-verifier.ts')) ?? [];
    const reasons = [...union.matchAll(/'(\w+)'/g)].map(([, reason = '']) => reason);
    expect(reasons.length).toBeGreaterThan(6);
    const listed = firstCells('docs/audit.md', '| reason | the export | look for |');
    expect(listed.toSorted()).toEqual(reasons.toSorted());
  });

  it('docs/revocation.md has a column for each mode', () => {
    const [, head = ''] = /^\| \| ([^\n]*) \|$/m.exec(read('docs/revocation.md')) ?? [];
    expect(head.split(' | ').map((mode) => mode.replaceAll('`', ''))).toEqual([...enforcementModes]);
  });

  it('docs/access.md lists names that are reserved', () => {
    const listed = firstCells('docs/access.md', '| name | is |').map((name) => name.replace('*', 'x'));
    expect(listed).toContain('break-glass');
    expect(listed.filter((name) => whyReservedName(name) === null)).toEqual([]);
  });
});
