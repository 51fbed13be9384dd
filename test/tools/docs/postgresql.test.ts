// Tests docs/postgresql.md, src/store/postgresql/grant.ts
import { describe, expect, it } from 'vitest';
import { Prisma } from '../../../src/store/generated/postgresql/client.js';
import { serviceRights } from '../../../src/store/postgresql/grant.js';
import { pages, pageText, read } from './pages.js';

const page = read('docs/postgresql.md');
const models: readonly string[] = Object.values(Prisma.ModelName);
const rightsOn = (table: string): string | undefined => (serviceRights as Readonly<Record<string, string>>)[table];

/** The first cell of each row of the table `| table | holds |`. */
const rows = (/^\| table \| holds \|\n\|[-|]+\n((?:\|[^\n]*\n)+)/m.exec(page)?.[1] ?? '')
  .trimEnd()
  .split('\n')
  .map((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name));

describe('docs/postgresql.md', () => {
  it('lists tables that the schema has, each once', () => {
    const named = rows.flat();
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !models.includes(name))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
  });

  it('names the views that the service may read', () => {
    const views = Object.keys(serviceRights).filter((name) => !models.includes(name));
    expect(views).toHaveLength(4);
    for (const view of views) {
      expect(page).toContain(`\`${view}\``);
      expect(rightsOn(view)).toBe('SELECT');
    }
  });

  it('says which rights the service has on the audit log', () => {
    const [, table = '', rights = ''] =
      /On\s+`(\w+)`, the table of the audit log, it has ([A-Z]+ and [A-Z]+)\./.exec(page) ?? [];
    expect(rightsOn(table)).toBe(rights.replace(' and ', ', '));
  });
});

describe('the rights that are granted', () => {
  it('are on every table of the schema', () => {
    expect(models.filter((model) => rightsOn(model) === undefined)).toEqual([]);
  });
});

it('a page that names the table of the audit log names one of the schema', () => {
  const named = pages.flatMap((one) => [...pageText(one).matchAll(/\btable `(\w+)`/g)].map(([, name = '']) => name));
  expect(named).toContain('AuditRecord');
  expect(named.filter((name) => rightsOn(name) === undefined)).toEqual([]);
});
