import { useRoute } from 'preact-iso/router';
import { Card, Empty } from '../../parts/bits.js';
import { Crumb, Page } from '../../parts/page.js';
import { Shown, useData } from '../../parts/data.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { InWords, Kind } from './policies.js';

/** One policy in words, and as it stands in its file. */
export function PolicyPage() {
  const name = useRoute().params['name'] ?? '';
  const data = useData((signal) => find(name, signal), [name], ['policies']);
  return (
    <Page title={name} above={<Crumb href="/console/policies" name="Policies" />}>
      <Shown data={data} awaited="the policy">
        {(found) =>
          found === null ? (
            <Empty>
              No policy of this name is in force. <a href="/console/policies">See those that are</a>
            </Empty>
          ) : (
            <>
              <Card title="In words" aside={<Kind of={found.policy} />}>
                <InWords of={found.policy} />
              </Card>
              <Card title="As it is" aside={<bdi>{found.policy.path}</bdi>}>
                <pre>{found.text}</pre>
              </Card>
            </>
          )
        }
      </Shown>
    </Page>
  );
}

/** The policy of this name, with the text of its file; for whoever may not read that, its spec. Null: there is none. */
async function find(name: string, signal: AbortSignal) {
  let policy: Schemas['LoadedPolicy'] | undefined;
  for (let cursor: string | null | undefined; policy === undefined && cursor !== null;) {
    const query: { limit: number; cursor?: string } = { limit: 100, ...(cursor !== undefined && { cursor }) };
    const page: Schemas['LoadedPolicyList'] = await answerOf(api.GET('/v1/policies', { params: { query }, signal }));
    policy = page.items.find((one) => one.name === name);
    cursor = page.nextCursor;
  }
  if (policy === undefined) return null;
  const { path, spec } = policy;
  const files = may('draft-policies') ? (await answerOf(api.GET('/v1/policies/texts', { signal }))).files : [];
  return { policy, text: files.find((file) => file.path === path)?.text ?? JSON.stringify(spec, null, 2) };
}
