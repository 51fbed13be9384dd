// Tests src/start/commit-followers.ts
import { expect, it } from 'vitest';
import { commitFollowers } from '../../../src/start/commit-followers.js';
import { StoreBusyError, StoreUnavailableError } from '../../../src/model/errors.js';
import { auditEvent } from '../../../src/model/audit-event.js';
import { type CommitFollower, followedWriter } from '../../../src/store/writer/followed-writer.js';
import { budgetFollower } from '../../../src/store/writer/kept-octets.js';
import type { CommitResult, Step } from '../../../src/store/steps/step.js';
import type { SignedCheckpoint } from '../../../src/audit/checkpoint.js';
import type { Certificate, RevokedCertificate } from '../../../src/model/certificate.js';
import type { DirectoryUser } from '../../../src/model/directory.js';
import type { IdentityBlock } from '../../../src/model/identity.js';
import { revokeApiToken, revokeTokenOfLeaver } from '../../../src/store/tables/api-token-table.js';
import { insertCheckpoint } from '../../../src/store/tables/checkpoint-tables.js';
import { updateDirectoryUser } from '../../../src/store/tables/directory-statements.js';
import { insertIdentityBlock, removeIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { rememberPolicySet } from '../../../src/store/tables/policy-set-table.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { endSession } from '../../../src/store/tables/session-table.js';
import { enqueueWebhooks } from '../../../src/store/tables/webhook-delivery-table.js';

const at = new Date('2026-03-01T09:30:00Z');
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A process whose parts tell in `heard` what they are told. A part that writes a file takes a turn for it. */
function processOf(answer: () => Promise<CommitResult> = () => Promise.resolve({ committed: true })) {
  const heard: string[] = [];
  const hear = (line: string) => void heard.push(line);
  const before = (step: Step) => {
    hear('checkpoint');
    return step;
  };
  const keptCheckpoint: CommitFollower = { minds: 'checkpoint', waits: true, before };
  const fromTheStart = [keptCheckpoint, ...budgetFollower({ areCounted: true, spend: () => hear('budget') })];
  const writes = async (line: string) => {
    hear(`${line} begins`);
    await turn();
    hear(`${line} ends`);
  };
  const followers = commitFollowers({
    denyList: { add: ({ fingerprintSha256 }) => hear(`deny list ${fingerprintSha256}`) },
    keptRevocations: {
      keep: (revoked) => writes(`file of ${String(revoked.length)} revocations`),
      keepWithdrawn: (some) => writes(`file of ${JSON.stringify(some.map((one) => Object.keys(one)[0]))}`),
    },
    byApiToken: { forget: (id) => hear(`forget token ${id}`) },
    bySession: { forget: (id) => hear(`forget session ${id}`) },
    directoryUse: { changed: () => hear('directory') },
    identityBlocks: { add: (folded) => hear(`block ${folded}`) },
    listedNames: { add: ({ fingerprintSha256 }) => writes(`list with live ${fingerprintSha256}`) },
    webhooks: { wake: () => hear('wake') },
    measured: {
      minds: null,
      waits: false,
      after({ step, result, error }) {
        if (result?.committed === true) hear(`measured ${String(step.events.length)}`);
        else if (error instanceof Error) hear(`measured ${error.name}`);
      },
    },
  });
  const writer = followedWriter(
    {
      commit(step) {
        hear(`commit of ${String(step.operations.length)}`);
        return answer();
      },
    },
    [...fromTheStart, ...followers],
  );
  return { heard, commit: (step: Step) => writer.commit(step).finally(() => hear('answer')) };
}

const certificate = { groups: [], orphan: false } as unknown as Certificate;
const revoked = { fingerprintSha256: 'f', comment: null } as RevokedCertificate;
const everything = [
  rememberPolicySet({ digest: 'd', texts: [] }),
  insertRevocation(revoked),
  revokeApiToken({ id: 'a', at }),
  revokeTokenOfLeaver({ id: 'b', at }),
  insertIdentityBlock({ folded: 'jane', block: {} as IdentityBlock }),
  removeIdentityBlock({ folded: 'joe', n: 1n }),
  insertCertificate({ ...certificate, fingerprintSha256: 'c' }),
  insertCertificate({ ...certificate, fingerprintSha256: 'd', orphan: true }),
  endSession({ id: 's', at }),
  insertCheckpoint({ checkpoint: {} as SignedCheckpoint, lastHash: '' }),
  updateDirectoryUser({ user: {} as DirectoryUser, version: 1 }),
  enqueueWebhooks([]),
];
const events = [auditEvent('RequestCancelled', at, 'carol', { comment: 'x' })];

it('the parts of a process follow a commit in this order, and the answer comes behind them', async () => {
  const { heard, commit } = processOf();
  expect(await commit({ operations: everything, events })).toEqual({ committed: true });
  expect(heard).toEqual([
    ...['checkpoint', 'budget', 'commit of 12'],
    ...['deny list f', 'file of 1 revocations begins', 'file of 1 revocations ends'],
    ...['block jane', 'block joe'],
    ...['file of ["token","token","folded","folded"] begins', 'file of ["token","token","folded","folded"] ends'],
    'list with live c begins',
    'list with live c ends',
    ...['forget token b', 'forget session s'],
    'directory',
    'wake',
    'measured 1',
    'answer',
  ]);
  // A step that nobody minds.
  heard.length = 0;
  await commit({ operations: everything.slice(0, 1), events });
  expect(heard).toEqual(['budget', 'commit of 1', 'measured 1', 'answer']);
});

it('nothing but the directory and the measures hears of a step that is not committed', async () => {
  const answers: (() => Promise<CommitResult>)[] = [
    () => Promise.resolve({ committed: false, conflict: { kind: 'blocked' } }),
    () => Promise.reject(new StoreBusyError('full')),
    () => Promise.reject(new StoreUnavailableError('down')),
  ];
  const { heard, commit } = processOf(() => answers.shift()!());
  const step = { operations: everything, events };
  expect(await commit(step)).toMatchObject({ committed: false });
  expect(heard.splice(0)).toEqual(['checkpoint', 'budget', 'commit of 12', 'directory', 'answer']);
  await expect(commit(step)).rejects.toThrow(StoreBusyError);
  expect(heard.splice(0)).toEqual([
    'checkpoint',
    'budget',
    'commit of 12',
    'directory',
    'measured StoreBusyError',
    'answer',
  ]);
  await expect(commit(step)).rejects.toThrow(StoreUnavailableError);
  expect(heard).toEqual([
    'checkpoint',
    'budget',
    'commit of 12',
    'directory',
    'measured StoreUnavailableError',
    'answer',
  ]);
});
