import { duration } from '../../parts/words.js';
import type { Request } from './request-words.js';

/** What a reviewer compares with the request before. */
const compared = {
  username: ({ username }) => username,
  lifetime: ({ expirationSeconds }) => duration(expirationSeconds),
  cluster: ({ cluster }) => cluster,
  groups: ({ groups }) => groups.toSorted().join(', ') || 'none',
  reason: ({ reason }) => reason ?? 'none',
  requester: ({ requester }) => requester,
  collector: ({ collector }) => collector,
  labels: ({ labels }) =>
    Object.entries(labels)
      .map((label) => label.join('='))
      .sort()
      .join(', ') || 'none',
  policy: ({ decision }) => decision.policy ?? 'none',
  'cluster-admin': ({ blastRadius }) =>
    blastRadius ? (blastRadius.clusterAdmin.by.length > 0 ? 'yes' : 'no') : 'not known',
} satisfies Readonly<Record<string, (request: Request) => string>>;

/** The parts in which a request differs from the one before, each with what it was there. */
export type Differences = Readonly<Partial<Record<keyof typeof compared, string>>>;

export const differences = (before: Request, now: Request): Differences =>
  Object.fromEntries(
    Object.entries(compared).flatMap(([name, wordsOf]) =>
      wordsOf(before) === wordsOf(now) ? [] : [[name, wordsOf(before)]],
    ),
  );
