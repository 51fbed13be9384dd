import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Badge, Bands, Empty, Fact } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Paged, usePages } from '../../parts/data.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { policyInWords } from './in-words.js';

type Policy = Schemas['LoadedPolicy'];

/** The policies and guardrails in force. */
export function Policies() {
  const digest = useSignal('');
  const warnings = useSignal<readonly string[]>([]);
  const pages = usePages<Policy>(
    async (cursor, signal) => {
      const params = { query: { limit: 100, ...(cursor !== undefined && { cursor }) } };
      const page = await answerOf(api.GET('/v1/policies', { params, signal }));
      digest.value = page.digest;
      warnings.value = page.warnings;
      return page;
    },
    [],
    ['policies'],
  );
  const draft = may('draft-policies') && (
    <a class="button" href="/console/policies/draft">
      Try a draft
    </a>
  );
  return (
    <Page title="Policies" aside={draft}>
      <Paged
        pages={pages}
        noun="policies"
        empty={
          <Empty>No policy is in force, so every request is denied. Put files where the service reads them.</Empty>
        }
      >
        {(items) => (
          <>
            <Bands of={warnings.value} />
            <p class="muted">
              A request needs one policy that permits it, and no guardrail that denies it. This set has the SHA-256{' '}
              <code>{digest}</code>.
            </p>
            <div class="policies">
              {items.map((policy) => (
                <section key={policy.name} class="card">
                  <header>
                    <h2>
                      <a href={addresses.policy(policy.name)}>{policy.name}</a>
                    </h2>
                    <Kind of={policy} />
                  </header>
                  <InWords of={policy} />
                </section>
              ))}
            </div>
          </>
        )}
      </Paged>
    </Page>
  );
}

export const Kind = ({ of: { kind } }: { readonly of: Policy }) => (
  <Badge tone={kind === 'Policy' ? 'info' : 'warning'}>{kind}</Badge>
);

/** A policy part by part in words. */
export const InWords = ({ of: { kind, spec } }: { readonly of: Policy }) => (
  <dl class="facts">
    {policyInWords(kind, spec).map(([about, words]) => (
      <Fact key={about + words} name={about}>
        <bdi>{words}</bdi>
      </Fact>
    ))}
  </dl>
);
