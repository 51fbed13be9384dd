import { Badge, Card, Empty, Instant, type Tone } from '../../parts/bits.js';
import { Paged } from '../../parts/paged.js';
import { usePages } from '../../parts/use-pages.js';
import { many } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';

type Issuer = Schemas['Issuer'];

const tones: Readonly<Record<Issuer['state'], Tone>> = {
  uncertified: 'warning',
  next: 'info',
  active: 'ok',
  retiring: 'warning',
  retired: 'plain',
};

/** The CAs whose keys kubepass uses for this cluster, and who still depends on each. */
export function Issuers({ name }: { readonly name: string }) {
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/clusters/{name}/issuers', {
          params: { path: { name }, query: { limit: 100, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [name],
    ['clusters'],
  );
  return (
    <Card title="Issuers" region>
      <Paged pages={pages} noun="issuers" empty={<Empty>None is configured.</Empty>}>
        {(issuers) => issuers.map((issuer) => <IssuerFacts key={issuer.name} issuer={issuer} />)}
      </Paged>
    </Card>
  );
}

const IssuerFacts = ({
  issuer: { name, state, subject, notAfter, key, certificates },
}: {
  readonly issuer: Issuer;
}) => (
  <section aria-label={name}>
    <h3>
      {name} <Badge tone={tones[state]}>{state}</Badge>
    </h3>
    <dl class="facts">
      {subject !== null && (
        <>
          <dt>Subject</dt>
          <dd>
            <bdi>{subject}</bdi>
          </dd>
        </>
      )}
      {notAfter !== null && (
        <>
          <dt>Until</dt>
          <dd>
            <Instant of={notAfter} />
          </dd>
        </>
      )}
      <dt>Key</dt>
      <dd>
        {key === null
          ? 'not in the configuration any more'
          : `${key.algorithm ?? 'not known yet'}, in ${places[key.kind]}${key.available ? '' : ', which does not answer'}`}
      </dd>
      <dt>Still work</dt>
      <dd>
        {many(certificates.live, 'certificate')}
        {certificates.latestNotAfter !== null && (
          <>
            , the last until <Instant of={certificates.latestNotAfter} />
          </>
        )}
      </dd>
    </dl>
  </section>
);

const places = { file: 'a file', 'encrypted-file': 'an encrypted file', agent: 'an agent' } as const;
