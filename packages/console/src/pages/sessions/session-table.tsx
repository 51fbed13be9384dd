import { useSignal } from '@preact/signals';
import { announce } from '../../parts/announce.js';
import { Badge, Distance, Instant, Written } from '../../parts/bits.js';
import { now } from '../../parts/now.js';
import { Table } from '../../parts/table.js';
import { Trouble } from '../../parts/trouble.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { signOut } from '../../service/session.js';

type Session = Schemas['Session'];

/** Browsers that are signed in, each with a button that ends its session. `withNames`: they are not all one’s own. */
export function SessionTable({
  sessions,
  withNames = false,
  onEnded,
}: {
  readonly sessions: readonly Session[];
  readonly withNames?: boolean;
  readonly onEnded: () => void;
}) {
  const error = useSignal<ProblemError | null>(null);
  const end = async ({ id, current }: Session) => {
    error.value = await problemFrom(() =>
      current ? signOut() : answerOf(api.DELETE('/v1/sessions/{id}', { params: { path: { id } } })),
    );
    if (error.value !== null || current) return;
    announce('The session has ended.');
    onEnded();
  };
  return (
    <>
      {error.value && <Trouble error={error.value} />}
      <Table
        label={withNames ? 'Sessions' : 'Your sessions'}
        columns={[...(withNames ? ['Who'] : []), 'Signed in', 'By', 'Last used', 'Ends at the latest', '']}
      >
        {sessions.map((session) => (
          <tr key={session.id}>
            {withNames && (
              <th scope="row">
                <Written text={session.name} />
              </th>
            )}
            <td data-label="Signed in">
              <Instant of={session.createdAt} />
            </td>
            <td data-label="By">{session.issuer ?? 'API token'}</td>
            <td data-label="Last used">
              <Distance of={session.usedAt} now={now.value} />
            </td>
            <td data-label="Ends at the latest">
              <Instant of={session.expiresAt} />
            </td>
            <td class="short">
              <button type="button" title={titleOf(session)} onClick={() => void end(session)}>
                End
              </button>{' '}
              {session.current && <Badge tone="info">this browser</Badge>}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

const titleOf = ({ name, current }: Session): string =>
  current ? 'End the session of this browser' : `End this session of ${name}`;
