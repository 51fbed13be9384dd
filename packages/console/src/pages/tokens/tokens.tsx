import { useSignal } from '@preact/signals';
import { Badge, Distance, Empty, Instant, now, Status, Written } from '../../parts/bits.js';
import { Paged, useList } from '../../parts/data.js';
import { ActDialog } from '../../parts/dialog.js';
import { Page } from '../../parts/page.js';
import { tell } from '../../parts/results.js';
import { type Cells, Columns } from '../../parts/table.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { MakeToken } from './make-token.js';

type ApiToken = Schemas['ApiToken'];

/** API tokens, for admins: made, listed and revoked. */
export function Tokens() {
  const revoking = useSignal<ApiToken | null>(null);
  const pages = useList('/v1/api-tokens', {}, ['api-tokens']);
  const revoke = async ({ id, name }: ApiToken) => {
    await answerOf(api.DELETE('/v1/api-tokens/{id}', { params: { path: { id } } }));
    tell(`Revoked: the token of ${name}. It ends within 5 seconds.`);
    pages.reload();
  };
  const token = revoking.value;
  const close = () => (revoking.value = null);
  return (
    <Page title="API tokens">
      <MakeToken onMade={pages.reload} />
      <Paged pages={pages} noun="tokens" empty={<Empty>There are no tokens. Make one above.</Empty>}>
        {(tokens) => <Columns label="API tokens" rows={tokens} cells={cells((one) => (revoking.value = one))} />}
      </Paged>
      {token && (
        <ActDialog title="Revoke this token" button="Revoke now" isDangerous act={() => revoke(token)} onClose={close}>
          <p>
            The token of <Written text={token.name} /> ({token.roles.join(', ')}) ends within 5 seconds, and with it
            every browser that signed in by it. Certificates that were asked for with it go on working.
          </p>
        </ActDialog>
      )}
    </Page>
  );
}

const isOver = ({ expiresAt }: ApiToken): boolean => expiresAt !== null && Date.parse(expiresAt) <= now.value;

const cells = (onRevoke: (token: ApiToken) => void): Cells<ApiToken> => ({
  Name: ({ name, breakGlass }) => (
    <>
      <Written text={name} /> {breakGlass && <Badge tone="warning">for emergencies</Badge>}
    </>
  ),
  Roles: ({ roles, cluster }) => roles.join(', ') + (cluster === null ? '' : ` of ${cluster}`),
  Groups: ({ groups }) => <Written text={groups.join(', ') || '–'} most={120} />,
  Made: ({ createdAt, createdBy }) => (
    <>
      <Instant of={createdAt} />
      {createdBy.length > 0 && (
        <span class="muted">
          {' '}
          by <Written text={createdBy.at(-1) ?? ''} />
        </span>
      )}
    </>
  ),
  'Last used': ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Distance of={lastUsedAt} />),
  Ends: (token) => {
    const at = token.revokedAt ?? token.expiresAt;
    const state = token.revokedAt !== null ? 'revoked' : isOver(token) && 'expired';
    if (at === null) return 'when it is revoked';
    return (
      <>
        {state && <Status of={state} />} <Instant of={at} />
      </>
    );
  },
  '': (token) =>
    token.revokedAt === null &&
    !isOver(token) && (
      <button class="danger" title={`Revoke this token of ${token.name}`} onClick={() => onRevoke(token)}>
        Revoke
      </button>
    ),
});
