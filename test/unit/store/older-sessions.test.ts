// Tests src/store/tables/session-table.ts, prisma/
import { expect, it } from 'vitest';
import { olderDatabase } from '../../helpers/older-database.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { aSession, instant } from './records.js';
import { insertSession } from '../../../src/store/tables/session-table.js';

/** The last migration before a session could begin with an API token. */
const before = '20261209000000_issuer_tally';

const [begin, end] = ['2026-03-01T10:00:00.000Z', '2026-03-01T22:00:00.000Z'];
const at = (text: string) => (onPostgresql ? `timestamp '${text.slice(0, -1)}'` : String(instant(text).getTime()));
const row = (id: string, endedAt: string) => `
  INSERT INTO "Session" ("id", "secretSha256", "name", "foldedName", "groups", "issuer", "createdAt", "usedAt", "expiresAt",
      "endedAt")
    VALUES ('${id}', 'sha of ${id}', 'Jane', 'jane', '["team-a"]', 'corp', ${at(begin)}, ${at(begin)}, ${at(end)}, ${endedAt});`;

it('go on as those of their issuer, and one may begin with a token beside them', async () => {
  const database = await olderDatabase(before, row('live', 'NULL') + row('over', at(begin)));
  try {
    const { sessions, writer, close } = await database.open();
    const live = aSession({ id: 'live', name: 'Jane' });
    expect((await sessions.findBySecretSha256s(['sha of live'])).get('sha of live')).toEqual(live);
    expect(await sessions.find('over')).toEqual({ ...live, id: 'over', endedAt: instant(begin) });
    const session = aSession({ id: 'new', issuer: null, tokenId: 't1' });
    const operations = [insertSession({ session, secretSha256: 'sha of new' })];
    expect(await writer.commit({ operations, events: [] })).toEqual({ committed: true });
    expect(await sessions.find('new')).toEqual(session);
    await close();
  } finally {
    await database.remove();
  }
});
