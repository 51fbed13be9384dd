// Tests src/access/answer-subject-access-review.ts, src/access/keep-revocation-config-map.ts,
// src/context/listed-names.ts, src/kubernetes/revocation-enforcement-files.ts,
// src/store/tables/unexpired-certificates.ts
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reviewAccess } from '../../../../src/access/answer-subject-access-review.js';
import { reviewing } from '../../../helpers/reviews.js';
import { listedIn, mergedList } from '../../../../src/access/keep-revocation-config-map.js';
import { DenyList } from '../../../../src/access/deny-list.js';
import { revokeCertificate } from '../../../../src/access/revoke-certificate.js';
import { embeddedRevocation } from '../../../../src/config/cluster-config.js';
import type { Context } from '../../../../src/context/context.js';
import { ListedNames } from '../../../../src/context/listed-names.js';
import { IdentityBlocks } from '../../../../src/context/standing.js';
import {
  credentialId,
  renderAuthorizationConfiguration,
  renderRevocationPolicy,
} from '../../../../src/kubernetes/revocation-enforcement-files.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Certificate } from '../../../../src/model/certificate.js';
import { createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { insertIdentityBlock, removeIdentityBlock } from '../../../../src/store/tables/identity-block-table.js';
import { passesConfiguration, passesPolicy, type Shown } from '../../../helpers/enforcement-verdicts.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { otherEncodings } from '../../../helpers/other-encodings.js';
import { admin, alice } from '../../../helpers/principals.js';
import { propertyRuns } from '../../../helpers/property-runs.js';

let issuance: TestIssuance;

/** A replica: its parts know of a commit only by reading the database. */
async function replica() {
  const { store, clock, log } = issuance.context;
  const denyList = new DenyList({ reader: store.revocations, clock, log });
  await denyList.load();
  const identityBlocks = new IdentityBlocks({ reader: store.identityBlocks, clusters: ['demo'], log });
  await identityBlocks.load();
  const listedNames = new ListedNames({ store, denyList, identityBlocks, clock, log });
  const context: Context = { ...issuance.context, denyList, identityBlocks, listedNames };
  const reviews = reviewing(context);
  return {
    ...{ context, denyList, listedNames },
    async follow() {
      await Promise.all([denyList.follow(), identityBlocks.load()]);
      await listedNames.follow();
    },
    async passes({ user, fingerprintSha256 }: Shown, resourceAttributes = { verb: 'get', resource: 'pods' }) {
      const extra = { [credentialId]: [`X509SHA256=${fingerprintSha256}`] };
      const outcome = await reviewAccess(reviews, admin, 'demo', { user, extra, resourceAttributes });
      if (!outcome.ok) throw new Error('it is not reviewed');
      return !outcome.value.denied;
    },
  };
}

async function issue(username: string): Promise<Certificate> {
  const ask = { username, groups: ['team-a'], expirationSeconds: 3600 };
  const made = await createKubeconfig(issuance.context, alice, ask, { idempotency: null });
  if (!made.ok || made.value.kind !== 'collected') throw new Error('there is no certificate');
  return made.value.kubeconfig.certificate;
}

const revoke = ({ fingerprintSha256 }: Certificate) =>
  revokeCertificate(issuance.context, admin, fingerprintSha256, { reason: 'keyCompromise', comment: null });

async function block(username: string) {
  const { store, clock } = issuance.context;
  const made = { username, clusters: ['demo'], reason: 'unspecified', comment: null, until: null } as const;
  const block = { ...made, blockedAt: clock(), blockedBy: 'admin' };
  await store.writer.commit({
    operations: [insertIdentityBlock({ block, folded: foldedName(username) })],
    events: [],
  });
}

async function unblock(username: string) {
  const { store } = issuance.context;
  const [found] = await store.identityBlocks.find([foldedName(username)]);
  if (found === undefined) return;
  const folded = foldedName(username);
  await store.writer.commit({ operations: [removeIdentityBlock({ folded, n: found.n })], events: [] });
}

const shownOf = ({ username, fingerprintSha256 }: Certificate): Shown => ({ user: username, fingerprintSha256 });
const otherwise = ({ username, der }: Certificate): readonly Shown[] =>
  otherEncodings(der).map((encoding) => ({ user: username, fingerprintSha256: hash('sha256', encoding.der, 'hex') }));

const usernames = ['jane', 'Jane', 'joan'] as const;
const username = fc.constantFrom(...usernames);
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('issue' as const), username }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('revoke' as const), which: fc.nat(20) }) },
  fc.record({ what: fc.constantFrom('block' as const, 'unblock' as const), username }),
  fc.record({ what: fc.constant('wait' as const), seconds: fc.constantFrom(600, 3000) }),
);

/** The name is listed because of the first certificate, which ends. The second one goes on. */
const revokedOneEnds = [
  { what: 'issue', username: 'jane' },
  { what: 'wait', seconds: 3000 },
  { what: 'issue', username: 'jane' },
  { what: 'revoke', which: 0 },
  { what: 'wait', seconds: 600 },
] as const;

it('exactly the live certificates of a listed name pass, in every mode and encoding, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 12 }), async (history) => {
      issuance = await testIssuance();
      try {
        const certificates: Certificate[] = [];
        const blocked = new Set<string>();
        const revoked = new Set<Certificate>();
        const [early, late] = [await replica(), await replica()];
        let configMap: Readonly<Record<string, string>> = {};
        const { clock } = issuance.context;
        const write = async () => {
          const names = await early.listedNames.of('demo', listedIn(configMap, clock()));
          configMap = mergedList(configMap, { revoked: early.denyList.ofCluster('demo'), names }, clock()).data;
        };
        for (const one of history) {
          if (one.what === 'issue' && !blocked.has(foldedName(one.username)))
            certificates.push(await issue(one.username));
          if (one.what === 'wait') issuance.advance(one.seconds);
          if (one.what === 'block' && !blocked.has(foldedName(one.username))) {
            await block(one.username);
            blocked.add(foldedName(one.username));
          }
          if (one.what === 'unblock') {
            await unblock(one.username);
            blocked.delete(foldedName(one.username));
          }
          const found = one.what === 'revoke' ? certificates[one.which % certificates.length] : undefined;
          if (found !== undefined && found.notAfter > clock()) {
            await revoke(found);
            revoked.add(found);
          }
          await early.follow();
          await write();
        }
        // The other one hears of the revocations and blocks alone.
        await late.denyList.follow();
        await late.context.identityBlocks.load();
        // A minute later names are read anew, and blocks that were lifted are no more.
        issuance.advance(61);
        await early.follow();
        await write();
        const listed = await early.listedNames.of('demo');

        const common = { directory: '/etc/kp', ownUsername: null, knowsCacheFields: true } as const;
        const file = renderAuthorizationConfiguration({ listed, failurePolicy: 'Deny', ...common });
        const policy = renderRevocationPolicy(embeddedRevocation);

        const now = clock();
        const hasEnded = (one: Certificate) => one.notAfter <= now;
        const isListed = (name: string) =>
          blocked.has(foldedName(name)) ||
          [...revoked].some((one) => !hasEnded(one) && foldedName(one.username) === foldedName(name));
        const all = certificates.filter((one) => !hasEnded(one));
        const foreign = usernames.map((user) => ({
          user,
          fingerprintSha256: hash('sha256', `foreign ${user}`, 'hex'),
        }));
        const shown = [
          ...all.map((one) => ({ ...shownOf(one), isLive: !revoked.has(one) })),
          ...all.flatMap((one) =>
            otherwise(one)
              .slice(0, 3)
              .map((other) => ({ ...other, isLive: false })),
          ),
        ];
        for (const { isLive, ...one } of shown) {
          const passes = isLive || !isListed(one.user);
          const said = `${JSON.stringify(history)} ${one.user}`;
          expect(await early.passes(one), `webhook, ${said}`).toBe(passes);
          expect(await passesConfiguration(file, one, late.passes), `listed, ${said}`).toBe(passes);
          expect(await passesConfiguration(file, one, null), `listed, away, ${said}`).toBe(passes);
          // A name stays in the ConfigMap for as long as its live certificates, also when its revoked ones have ended.
          const isKept = listedIn(configMap, now).has(one.user);
          expect(isKept || !isListed(one.user), `admission, ${said}`).toBe(true);
          expect(passesPolicy(policy, configMap, one), `admission, ${said}`).toBe(isLive || !isKept);
        }
        for (const one of foreign) expect(await early.passes(one)).toBe(!isListed(one.user));
      } finally {
        await issuance.close();
      }
    }),
    {
      numRuns: Math.min(15, propertyRuns(15)),
      examples: [[[...revokedOneEnds]]],
    },
  );
});
