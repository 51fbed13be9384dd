import { useRoute } from 'preact-iso/router';
import { Badge, Card, Empty } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { InWords } from './policies.js';

interface Found {
  readonly policy: Schemas['LoadedPolicy'] | null;
  /** The text of its file; null for a caller who may not read it. */
  readonly text: string | null;
}

/** One policy in words, and as it stands in its file. */
export function PolicyPage() {
  const name = useRoute().params['name'] ?? '';
  const data = useData((signal) => find(name, signal), [name], ['policies']);
  return (
    <Page
      title={name}
      above={
        <nav class="crumbs" aria-label="Breadcrumb">
          <a href="/console/policies">Policies</a>
        </nav>
      }
    >
      <Shown data={data} awaited="the policy">
        {({ policy, text }) =>
          policy === null ? (
            <Empty>
              No policy of this name is in force. <a href="/console/policies">Policies in force</a>
            </Empty>
          ) : (
            <>
              <Card
                title="In words"
                aside={<Badge tone={policy.kind === 'Policy' ? 'info' : 'warning'}>{policy.kind}</Badge>}
              >
                <InWords kind={policy.kind} spec={policy.spec} />
              </Card>
              <Card title="As it is" aside={<code>{policy.path}</code>}>
                <pre tabIndex={0}>{text ?? JSON.stringify(policy.spec, null, 2)}</pre>
              </Card>
            </>
          )
        }
      </Shown>
    </Page>
  );
}

async function find(name: string, signal: AbortSignal): Promise<Found> {
  const policy = await findPolicy(name, signal);
  if (policy === null || !may('draft-policies')) return { policy, text: null };
  const { files } = await answerOf(api.GET('/v1/policies/texts', { signal }));
  return { policy, text: files.find(({ path }) => path === policy.path)?.text ?? null };
}

async function findPolicy(name: string, signal: AbortSignal): Promise<Schemas['LoadedPolicy'] | null> {
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: { limit: number; cursor?: string } = { limit: 100, ...(cursor !== '' && { cursor }) };
    const page: Schemas['LoadedPolicyList'] = await answerOf(api.GET('/v1/policies', { params: { query }, signal }));
    const found = page.items.find((one) => one.name === name);
    if (found) return found;
    cursor = page.nextCursor;
  }
  return null;
}
