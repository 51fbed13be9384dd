import { addresses } from '../../parts/address.js';
import { Badge, Empty } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { usePages } from '../../parts/use-pages.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { policyInWords } from './in-words.js';

/** The policies and guardrails in force. */
export function Policies() {
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/policies', {
          params: { query: { limit: 100, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [],
    ['policies'],
  );
  const digest = (pages.value.value as Schemas['LoadedPolicyList'] | undefined)?.digest;
  return (
    <Page
      title="Policies"
      aside={
        may('draft-policies') && (
          <a class="button" href="/console/policies/draft">
            Try a draft
          </a>
        )
      }
    >
      {digest !== undefined && (
        <p class="muted">
          The set in force: <code>{digest}</code>
        </p>
      )}
      <Paged
        pages={pages}
        noun="policies"
        empty={
          <Empty>
            No policy is in force, so every request is denied. Put policy files where the service reads them.
          </Empty>
        }
      >
        {(items) => items.map((one) => <PolicyCard key={one.name} policy={one} />)}
      </Paged>
    </Page>
  );
}

const PolicyCard = ({ policy: { name, kind, spec } }: { readonly policy: Schemas['LoadedPolicy'] }) => (
  <section class="card">
    <header>
      <h2>
        <a href={addresses.policy(name)}>{name}</a>
      </h2>
      <Badge tone={kind === 'Policy' ? 'info' : 'warning'}>{kind}</Badge>
    </header>
    <InWords kind={kind} spec={spec} />
  </section>
);

/** A policy part by part in words. */
export const InWords = ({ kind, spec }: Pick<Schemas['LoadedPolicy'], 'kind' | 'spec'>) => (
  <dl class="facts">
    {policyInWords(kind, spec).map(({ about, words }) => (
      <>
        <dt>{about}</dt>
        <dd>
          <bdi>{words}</bdi>
        </dd>
      </>
    ))}
  </dl>
);
