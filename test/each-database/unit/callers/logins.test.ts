// Tests src/callers/sessions.ts
import { describe, expect, it } from 'vitest';
import type { LoginAttempt } from '../../../../src/model/session.js';
import { type LoginProvider, Logins, type Sessions, type VouchedPerson } from '../../../../src/callers/sessions.js';
import { aSession } from '../../../unit/store/records.js';

const attempt: LoginAttempt = { issuer: 'corp', state: 's', nonce: 'n', codeVerifier: 'v', returnTo: '/docs' };

function setUp(person: VouchedPerson, isBlocked = false) {
  const asked: string[] = [];
  const refusals: string[] = [];
  const provider = (name: string): LoginProvider => ({
    name,
    begin: (returnTo) =>
      Promise.resolve({ outcome: 'begun', url: `https://${name}`, attempt: { ...attempt, returnTo } }),
    finish(_, query) {
      asked.push(`${name} ${query}`);
      return Promise.resolve(person);
    },
  });
  const sessions = {
    begin: ({ name, groups, issuer }: Parameters<Sessions['begin']>[0]) =>
      Promise.resolve(isBlocked ? null : { session: aSession({ name, groups, issuer }), secret: 'secret' }),
  };
  const logins = new Logins([provider('corp'), provider('partner')], sessions, (reason) => refusals.push(reason));
  return { logins, asked, refusals };
}
const jane: VouchedPerson = { outcome: 'vouched', name: 'jane', groups: ['team-a'], vouchedAt: new Date(0) };

describe('Logins', () => {
  it('begins a session for the person of the issuer by whom the sign-in was begun', async () => {
    const { logins, asked, refusals } = setUp(jane);
    expect(logins.issuers).toEqual(['corp', 'partner']);
    const finished = await logins.finish({ ...attempt, issuer: 'partner' }, 'code=x');
    expect(finished).toMatchObject({ outcome: 'signed-in', secret: 'secret', session: { issuer: 'partner' } });
    expect(asked).toEqual(['partner code=x']);
    expect(refusals).toEqual([]);
  });

  it('finishes an attempt once, and asks nobody a second time', async () => {
    const { logins, asked, refusals } = setUp(jane);
    const both = await Promise.all([logins.finish(attempt, 'code=x'), logins.finish(attempt, 'code=x')]);
    expect(both.map(({ outcome }) => outcome)).toEqual(['signed-in', 'refused']);
    expect(asked).toEqual(['corp code=x']);
    expect(refusals).toEqual(['AttemptUsed']);
  });

  it('lets nobody in who is blocked on every cluster', async () => {
    const { logins, refusals } = setUp(jane, true);
    expect(await logins.finish(attempt, '')).toMatchObject({ outcome: 'refused', reason: 'IdentityBlocked' });
    expect(refusals).toEqual(['IdentityBlocked']);
  });

  it('counts whom the provider refuses, and not what it cannot say', async () => {
    const refused = setUp({ outcome: 'refused', reason: 'EmailNotVerified', message: '' });
    await refused.logins.finish(attempt, '');
    expect(refused.refusals).toEqual(['EmailNotVerified']);
    const down = setUp({ outcome: 'unavailable', message: '', retryAfterSeconds: 1 });
    await down.logins.finish(attempt, '');
    expect(down.refusals).toEqual([]);
  });
});
