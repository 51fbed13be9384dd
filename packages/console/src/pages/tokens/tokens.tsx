import { useSignal } from '@preact/signals';
import { ActDialog } from '../../parts/dialog.js';
import { announce } from '../../parts/announce.js';
import { Badge, Empty, Instant, now, Written } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Paged, useList } from '../../parts/data.js';
import { type Column, Columns } from '../../parts/table.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { MakeToken } from './make-token.js';

type ApiToken = Schemas['ApiToken'];

/** API tokens, for admins: made, listed and revoked. */
export function Tokens() {
  const revoking = useSignal<ApiToken | null>(null);
  const pages = useList('/v1/api-tokens', {}, ['api-tokens']);
  const revoke = async ({ id }: ApiToken) => {
    await answerOf(api.DELETE('/v1/api-tokens/{id}', { params: { path: { id } } }));
    announce('The token is revoked.');
    pages.reload();
  };
  const token = revoking.value;
  return (
    <Page title="API tokens">
      <MakeToken onMade={pages.reload} />
      <Paged pages={pages} noun="tokens" empty={<Empty>There is no token. Make one above.</Empty>}>
        {(tokens) => <Columns label="API tokens" rows={tokens} columns={columns((one) => (revoking.value = one))} />}
      </Paged>
      {token && (
        <ActDialog
          title="Revoke this token"
          button="Revoke now"
          isDangerous
          onClose={() => (revoking.value = null)}
          act={() => revoke(token)}
        >
          <p>
            The token of <Written text={token.name} /> ({token.roles.join(', ')}) ends within 5 seconds, and with it
            every browser that signed in by it. Certificates that were asked for with it go on working.
          </p>
        </ActDialog>
      )}
    </Page>
  );
}

const isOver = ({ expiresAt }: ApiToken): boolean => expiresAt !== null && new Date(expiresAt).getTime() <= now.value;

const columns = (onRevoke: (token: ApiToken) => void): readonly Column<ApiToken>[] => [
  [
    'Name',
    ({ name, breakGlass }) => (
      <>
        <Written text={name} /> {breakGlass && <Badge tone="warning">for emergencies</Badge>}
      </>
    ),
  ],
  ['Roles', ({ roles, cluster }) => roles.join(', ') + (cluster === null ? '' : ` of ${cluster}`)],
  ['Groups', ({ groups }) => <Written text={groups.join(', ') || '–'} most={120} />],
  [
    'Made',
    ({ createdAt, createdBy }) => (
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
  ],
  ['Ends', (token) => <End token={token} />],
  [
    '',
    (token) =>
      token.revokedAt === null &&
      !isOver(token) && (
        <button
          type="button"
          class="danger"
          title={`Revoke this token of ${token.name}`}
          onClick={() => onRevoke(token)}
        >
          Revoke
        </button>
      ),
  ],
];

function End({ token }: { readonly token: ApiToken }) {
  const { expiresAt, revokedAt } = token;
  const at = revokedAt ?? expiresAt;
  if (at === null) return <>when it is revoked</>;
  return (
    <>
      {revokedAt !== null && <Badge tone="plain">revoked</Badge>}
      {revokedAt === null && isOver(token) && <Badge tone="plain">expired</Badge>} <Instant of={at} />
    </>
  );
}
