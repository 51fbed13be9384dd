import { Badge, Card, Empty, Fact, Instant, type Tone, Written } from '../../parts/bits.js';
import { Paged, usePages } from '../../parts/data.js';
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
const places = { file: 'a file', 'encrypted-file': 'an encrypted file', agent: 'an agent' } as const;

/** The CAs whose keys kubepass uses for this cluster, and how many certificates depend on each. */
export function Issuers({ name }: { readonly name: string }) {
  const pages = usePages(
    (cursor, signal) => {
      const params = { path: { name }, query: { limit: 100, ...(cursor !== undefined && { cursor }) } };
      return answerOf(api.GET('/v1/clusters/{name}/issuers', { params, signal }));
    },
    [name],
    ['clusters', 'certificates'],
  );
  return (
    <Card title="Issuers" region>
      <Paged pages={pages} noun="issuers" empty={<Empty>None is configured.</Empty>}>
        {(issuers) => issuers.map((issuer) => <One key={issuer.name} issuer={issuer} />)}
      </Paged>
    </Card>
  );
}

const One = ({ issuer: { name, state, subject, notAfter, key, certificates } }: { readonly issuer: Issuer }) => (
  <section aria-label={name}>
    <h3>
      {name} <Badge tone={tones[state]}>{state}</Badge>
    </h3>
    <dl class="facts">
      <Fact name="Subject">{subject && <Written text={subject} most={128} />}</Fact>
      <Fact name="Until">{notAfter && <Instant of={notAfter} />}</Fact>
      <Fact name="Key">
        {key === null
          ? 'no longer configured'
          : `${key.algorithm ?? 'not known yet'}, in ${places[key.kind]}${key.available ? '' : ' that does not answer'}`}
      </Fact>
      <Fact name="Live">
        {many(certificates.live, 'certificate')}
        {certificates.latestNotAfter && (
          <>
            , the last until <Instant of={certificates.latestNotAfter} />
          </>
        )}
      </Fact>
    </dl>
  </section>
);
