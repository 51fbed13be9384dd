import { Card, Instant } from '../../parts/bits.js';
import { Icon } from '../../parts/icon.js';
import { many, spaced } from '../../parts/words.js';
import type { Schemas } from '../../service/client.js';
import type { Request } from './request-words.js';

type Grant = Schemas['Grant'];

/** Whether everybody who is signed in to the cluster has the same, and it opens nothing. */
const isEverybodys = ({ subject, opens, amountsToClusterAdmin }: Grant): boolean =>
  subject.name === 'system:authenticated' && opens.length === 0 && !amountsToClusterAdmin;

/** Shows what the identity could do on the cluster; nothing where the reader may not see it. */
export function BlastRadius({ request: { blastRadius, cluster } }: { readonly request: Request }) {
  if (blastRadius === undefined) return null;
  if (blastRadius === null)
    return (
      <Card title="What it opens">
        <p class="quiet">Unknown: kubepass does not read the role bindings of {cluster}.</p>
      </Card>
    );
  const { clusterAdmin, escalations, grants, moreGrants, observedAt } = blastRadius;
  const isAdmin = clusterAdmin.by.length > 0;
  const ways = escalations.map((way) => <Band key={way.kind} tone="warning" text={spaced(way.kind)} {...way} />);
  const common = grants.filter(isEverybodys);
  const own = grants.filter((grant) => !isEverybodys(grant));
  const asOf = (
    <span class="muted">
      bindings as of <Instant of={observedAt} />
    </span>
  );
  return (
    <Card title="What it opens" aside={asOf}>
      {isAdmin && <Band tone="error" text="Amounts to cluster-admin" {...clusterAdmin} />}
      {isAdmin && ways.length > 0 ? (
        <details>
          <summary>It includes {many(ways.length, 'escalation')}</summary>
          {ways}
        </details>
      ) : (
        ways
      )}
      {own.length === 0 && !isAdmin && <p class="quiet">No role binding names this username or its groups.</p>}
      <Grants grants={own} />
      {common.length > 0 && (
        <details>
          <summary>{many(common.length, 'binding')} that everybody on the cluster has</summary>
          <Grants grants={common} />
        </details>
      )}
      {moreGrants > 0 && <p class="quiet">There are {moreGrants} more, which are not listed.</p>}
    </Card>
  );
}

type BandParts = Schemas['BlastRadius']['clusterAdmin'] & { readonly tone: 'error' | 'warning'; readonly text: string };
const Band = ({ tone, text, by, more }: BandParts) => (
  <p class={`band ${tone}`}>
    <Icon name="warn" />
    <span>
      <b>{text}</b> by <bdi>{by.map(placed).join(', ')}</bdi>
      {more > 0 && ` and ${more} more`}
    </span>
  </p>
);
const placed = ({ kind, name, namespace }: Schemas['GrantReference']): string =>
  kind === 'Group' ? `the group ${name}` : namespace === null ? name : `${name} in ${namespace}`;

const Grants = ({ grants }: { readonly grants: readonly Grant[] }) => (
  <ul class="items">
    {grants.map(({ kind, name, namespace, subject, role, rules, moreRules }) => (
      <li key={`${kind} ${namespace ?? ''} ${name} ${subject.kind} ${subject.name}`}>
        <b>{role.name}</b>{' '}
        <span class="muted">
          {namespace === null ? 'on the whole cluster' : `in ${namespace}`}, for{' '}
          {subject.kind === 'User' ? 'the username' : 'the group'} <bdi>{subject.name}</bdi>
          {!role.exists && '; the role does not exist: it grants nothing until somebody creates it'}
        </span>
        <code title={name}>
          {rules.join(' · ')}
          {moreRules > 0 && ` · ${moreRules} more`}
        </code>
      </li>
    ))}
  </ul>
);
