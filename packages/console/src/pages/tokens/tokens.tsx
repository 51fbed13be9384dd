import { useSignal } from '@preact/signals';
import { Badge, Empty, Instant, Written } from '../../parts/bits.js';
import { ActDialog } from '../../parts/act-dialog.js';
import { announce } from '../../parts/announce.js';
import { now } from '../../parts/now.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { Table } from '../../parts/table.js';
import { usePages } from '../../parts/use-pages.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { MakeToken } from './make-token.js';

type ApiToken = Schemas['ApiToken'];

/** API tokens, for admins: made, listed and revoked. */
export function Tokens() {
  const revoking = useSignal<ApiToken | null>(null);
  const pages = usePages(
    (cursor, signal) =>
      answerOf(api.GET('/v1/api-tokens', { params: { query: { ...(cursor !== undefined && { cursor }) } }, signal })),
    [],
    ['api-tokens'],
  );
  return (
    <Page title="API tokens">
      <MakeToken onMade={pages.reload} />
      <Paged
        pages={pages}
        noun="tokens"
        empty={<Empty>There is no token. Make one above for a system or a person.</Empty>}
      >
        {(tokens) => (
          <Table label="API tokens" columns={['Name', 'Roles', 'Groups', 'Made', 'Ends', '']}>
            {tokens.map((token) => (
              <Row key={token.id} token={token} onRevoke={() => (revoking.value = token)} />
            ))}
          </Table>
        )}
      </Paged>
      {revoking.value && (
        <Revoke token={revoking.value} onRevoked={pages.reload} onClose={() => (revoking.value = null)} />
      )}
    </Page>
  );
}

function Row({ token, onRevoke }: { readonly token: ApiToken; readonly onRevoke: () => void }) {
  const { name, roles, groups, cluster, createdAt, createdBy, expiresAt, revokedAt, breakGlass } = token;
  const isOver = expiresAt !== null && new Date(expiresAt).getTime() <= now.value;
  return (
    <tr>
      <th scope="row">
        <Written text={name} /> {breakGlass && <Badge tone="warning">for emergencies</Badge>}
      </th>
      <td data-label="Roles">
        {roles.join(', ')} {cluster !== null && <span class="muted">of {cluster}</span>}
      </td>
      <td data-label="Groups">
        <Written text={groups.join(', ') || '–'} most={120} />
      </td>
      <td data-label="Made">
        <Instant of={createdAt} />{' '}
        {createdBy.length > 0 && (
          <span class="muted">
            by <Written text={createdBy.at(-1) ?? ''} />
          </span>
        )}
      </td>
      <td data-label="Ends">
        {revokedAt !== null ? (
          <>
            <Badge tone="plain" icon="cross">
              revoked
            </Badge>{' '}
            <Instant of={revokedAt} />
          </>
        ) : expiresAt === null ? (
          'when it is revoked'
        ) : (
          <>
            {isOver && <Badge tone="plain">expired</Badge>} <Instant of={expiresAt} />
          </>
        )}
      </td>
      <td class="short">
        {revokedAt === null && !isOver && (
          <button type="button" class="danger" title={`Revoke this token of ${name}`} onClick={onRevoke}>
            Revoke
          </button>
        )}
      </td>
    </tr>
  );
}

const Revoke = ({
  token: { id, name, roles },
  onRevoked,
  onClose,
}: {
  readonly token: ApiToken;
  readonly onRevoked: () => void;
  readonly onClose: () => void;
}) => (
  <ActDialog
    title="Revoke this token"
    button="Revoke now"
    isDangerous
    onClose={onClose}
    act={async () => {
      await answerOf(api.DELETE('/v1/api-tokens/{id}', { params: { path: { id } } }));
      announce('The token is revoked.');
      onRevoked();
    }}
  >
    <p>
      The token of <Written text={name} /> ({roles.join(', ')}) ends within 5 seconds, and with it every browser that
      signed in by it. Certificates that were asked for with it go on working.
    </p>
  </ActDialog>
);
