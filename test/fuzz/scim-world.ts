import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { uris } from '../../src/directory/scim/scim-input.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Random } from './random.js';
import { filterMutant, patchMutant, type Known, type Resource } from './scim-mutants.js';

/** Throws with what is wrong; the caller knows the input. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

interface Shown {
  readonly id: string;
  readonly userName?: string;
  readonly displayName?: string;
  readonly active?: boolean;
  readonly emails?: readonly { readonly value: string; readonly primary: boolean }[];
  readonly members?: readonly { readonly value: string }[];
  readonly meta: {
    readonly created: string;
    readonly lastModified: string;
    readonly version: string;
    readonly location: string;
  };
}

const people = ['jane', 'joe', 'ada', 'Bob', 'straße'];
/** Names that are free at first. */
const freeNames = ['zoe', 'JANE-2', 'İda', 'no grammar '];
const groups = ['payments', 'Platform'];
const kept: Readonly<Record<Resource, ReadonlySet<string>>> = {
  Users: new Set(['schemas', 'id', 'externalId', 'userName', 'name', 'displayName', 'active', 'emails', 'meta']),
  Groups: new Set(['schemas', 'id', 'externalId', 'displayName', 'members', 'meta']),
};
const json = { 'content-type': 'application/scim+json' };

/**
 * A few people and groups, and how each of them looked last. Whatever is sent, each answer is compared with it. Nothing
 * of it is left when it ends, so a world can be made again from its number alone.
 */
export class ScimWorld {
  readonly #known: Readonly<Record<Resource, Map<string, Shown>>> = { Users: new Map(), Groups: new Map() };
  readonly #names: readonly string[];
  readonly #groupNames: readonly string[];
  #made = 0;

  constructor(
    private readonly app: Pick<FastifyInstance, 'inject'>,
    private readonly token: string,
    number: number,
  ) {
    this.#names = [...people, ...freeNames].map((name) => `${name}-${String(number)}@corp.example`);
    this.#groupNames = groups.map((name) => `${name} ${String(number)}`);
  }

  async begin(): Promise<void> {
    for (const name of this.#names.slice(0, people.length)) await this.#createUser(name);
    for (const displayName of this.#groupNames)
      await this.#create('Groups', {
        schemas: [uris.group],
        displayName,
        members: [...this.#known.Users.values()].map(({ id }) => ({ value: id })).slice(0, 2),
      });
  }

  /**
   * Sends one input and checks what came of it. The status, with whether it was a PATCH, counts; `told` is the input.
   */
  async send(
    random: Random,
    tell: (told: string) => void,
  ): Promise<{ readonly kind: string; readonly status: number }> {
    const type = random.pick(['Users', 'Users', 'Groups'] as const);
    const kind = random.once(3) ? 'filter' : 'PATCH';
    const status = kind === 'filter' ? await this.#filter(random, type, tell) : await this.#patch(random, type, tell);
    if (random.once(50)) await this.#checkAll();
    return { kind, status };
  }

  async end(): Promise<void> {
    await this.#checkAll();
    for (const type of ['Users', 'Groups'] as const)
      for (const id of this.#known[type].keys()) {
        const { statusCode } = await this.#call('DELETE', `/${type}/${id}`);
        demand(statusCode === 204, `a deletion is answered with ${statusCode}`);
        const gone = await this.#call('GET', `/${type}/${id}`);
        demand(gone.statusCode === 404, `whatever is deleted is answered with ${gone.statusCode}`);
      }
  }

  /** Ends it after something was wrong, when nothing of it is expected any more. */
  async abandon(): Promise<void> {
    for (const type of ['Users', 'Groups'] as const) {
      const list = (await this.#call('GET', `/${type}?count=200`)).json<{ readonly Resources: readonly Shown[] }>();
      for (const { id } of list.Resources) await this.#call('DELETE', `/${type}/${id}`);
    }
  }

  async #filter(random: Random, type: Resource, tell: (told: string) => void): Promise<number> {
    const filter = filterMutant(random, type, this.#all());
    tell(`${type} with ${filter}`);
    const byPost = random.once(10);
    const answer = byPost
      ? await this.#call('POST', `/${type}/.search`, JSON.stringify({ schemas: [uris.search], filter, count: 200 }))
      : await this.#call('GET', `/${type}?count=200&filter=${encodeURIComponent(filter.toWellFormed())}`);
    if (answer.statusCode !== 200) return refusalOf(answer);
    const list = answer.json<{ readonly totalResults: number; readonly Resources: readonly Shown[] }>();
    demand(list.totalResults === list.Resources.length, 'a list is shorter than it says');
    for (const one of list.Resources) this.#isAsBefore(type, one, 'a list');
    return 200;
  }

  async #patch(random: Random, type: Resource, tell: (told: string) => void): Promise<number> {
    const id = random.pick([...this.#known[type].keys()]);
    const before = this.#before(type, id);
    const payload = patchMutant(random, type, this.#all());
    const isOther = random.once(25);
    const match = isOther ? 'W/"999999"' : random.once(8) ? before.meta.version : null;
    const shown = type === 'Groups' && random.once(2) ? '?attributes=displayName,externalId,members,meta' : '';
    tell(`${type} ${JSON.stringify(before)}${match ? ` as ${match}` : ''} with ${payload}`);
    const send = () =>
      this.#call('PATCH', `/${type}/${id}${shown}`, payload, match === null ? {} : { 'if-match': match });
    const answer = await send();
    const after = await this.#call('GET', `/${type}/${id}`);
    demand(after.statusCode === 200, `afterwards it is answered with ${after.statusCode}`);
    const now = after.json<Shown>();
    demand(after.headers['etag'] === now.meta.version, 'the entity tag is not the version');
    if (answer.statusCode !== 200 && answer.statusCode !== 204) {
      demand(isDeepStrictEqual(now, before), `what is refused with ${answer.statusCode} has changed something`);
      demand(answer.statusCode !== 412 || isOther, 'the version that it has is refused');
      return refusalOf(answer);
    }
    demand(!isOther, 'a version that it does not have is taken');
    demand(answer.headers['etag'] === now.meta.version, 'the answer has another version');
    if (type === 'Users' || shown !== '') agree(answer.json<Shown>(), now, type === 'Users');
    demand(answer.statusCode === (type === 'Users' || shown !== '' ? 200 : 204), `the status is ${answer.statusCode}`);
    isNext(before, now);
    this.#isSound(type, now);
    this.#known[type].set(id, now);
    if (type === 'Users') await this.#namesStayApart(before, now);
    await this.#repeats(random, payload, match, send, now);
    return answer.statusCode;
  }

  /** An operation by itself, on no part that a filter selects, changes nothing when it is repeated. */
  async #repeats(
    random: Random,
    payload: string,
    match: string | null,
    send: () => Promise<LightMyRequestResponse>,
    now: Shown,
  ): Promise<void> {
    if (match !== null || payload.split('"op"').length !== 2 || /\[(?:type|value|primary) eq/i.test(payload)) return;
    if (!random.once(4)) return;
    const again = await send();
    demand(again.headers['etag'] === now.meta.version, 'the same once more changes something');
  }

  /**
   * Somebody who takes the name of a person that is not active ends that person's entry; nobody else's name is taken.
   */
  async #namesStayApart(before: Shown, now: Shown): Promise<void> {
    const key = foldedName(now.userName ?? '');
    if (key === foldedName(before.userName ?? '')) return;
    for (const other of [...this.#known.Users.values()]) {
      if (other.id === now.id || foldedName(other.userName ?? '') !== key) continue;
      demand(other.active === false, 'two people who are here have one name');
      const { statusCode } = await this.#call('GET', `/Users/${other.id}`);
      demand(statusCode === 404, 'two people have one name');
      this.#known.Users.delete(other.id);
      await this.#leftGroups(other.id);
      this.#made += 1;
      await this.#createUser(`${String(this.#made)}-${this.#names[0] ?? ''}`);
    }
  }

  async #leftGroups(id: string): Promise<void> {
    for (const [groupId, before] of this.#known.Groups) {
      const now = (await this.#call('GET', `/Groups/${groupId}`)).json<Shown>();
      const members = (before.members ?? []).filter(({ value }) => value !== id);
      demand(
        isDeepStrictEqual(now.members ?? [], members),
        'a group keeps somebody whose entry ended, or loses others',
      );
      isNext(before, now);
      this.#known.Groups.set(groupId, now);
    }
  }

  #isSound(type: Resource, now: Shown): void {
    for (const name of Object.keys(now)) demand(kept[type].has(name), `it has ${name}`);
    if (type === 'Users') {
      demand(typeof now.active === 'boolean', 'active is no boolean');
      demand(typeof now.userName === 'string' && now.userName.trim() !== '', 'there is no userName');
      demand((now.emails ?? []).filter(({ primary }) => primary).length <= 1, 'two emails are primary');
      demand(
        (now.emails ?? []).every(({ value }) => value !== ''),
        'an email is empty',
      );
      return;
    }
    demand(typeof now.displayName === 'string' && now.displayName.trim() !== '', 'there is no displayName');
    const ids = (now.members ?? []).map(({ value }) => value);
    demand(new Set(ids).size === ids.length, 'somebody is a member twice');
    demand(
      ids.every((id) => this.#known.Users.has(id)),
      'somebody who is not there is a member',
    );
  }

  /** The lists have everybody and every group as they were seen last, and nobody else. */
  async #checkAll(): Promise<void> {
    for (const type of ['Users', 'Groups'] as const) {
      const list = (await this.#call('GET', `/${type}?count=200`)).json<{ readonly Resources: readonly Shown[] }>();
      for (const one of list.Resources) this.#isAsBefore(type, one, 'the whole list');
      demand(list.Resources.length === this.#known[type].size, 'the whole list has another length');
    }
  }

  #isAsBefore(type: Resource, now: Shown, where: string): void {
    demand(isDeepStrictEqual(now, this.#known[type].get(now.id)), `${where} shows ${JSON.stringify(now)}`);
  }

  #before(type: Resource, id: string): Shown {
    const found = this.#known[type].get(id);
    if (found === undefined) throw new Error('the world has forgotten somebody');
    return found;
  }

  #createUser = (userName: string): Promise<void> =>
    this.#create('Users', {
      schemas: [uris.user],
      ...{ userName, active: true, displayName: 'x', externalId: '4711' },
      emails: [{ value: userName, type: 'work', primary: true }],
    });

  async #create(type: Resource, body: object): Promise<void> {
    const made = await this.#call('POST', `/${type}`, JSON.stringify(body));
    if (made.statusCode !== 201) throw new Error(`a world cannot be made: ${made.payload}`);
    const { id } = made.json<Shown>();
    this.#known[type].set(id, (await this.#call('GET', `/${type}/${id}`)).json<Shown>());
  }

  #all(): Known {
    return {
      userIds: [...this.#known.Users.keys()],
      groupIds: [...this.#known.Groups.keys()],
      names: this.#names,
      groupNames: this.#groupNames,
    };
  }

  async #call(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    payload?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<LightMyRequestResponse> {
    const all = { authorization: `Bearer ${this.token}`, ...(payload !== undefined && json), ...headers };
    const answer = await this.app.inject({
      ...{ method, url: `/scim/v2${path}`, headers: all },
      ...(payload !== undefined && { payload }),
    });
    demand(answer.statusCode < 500, `it is answered with ${answer.statusCode}`);
    return answer;
  }
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Wrong(otherwise);
}

/** RFC 7644 3.12. */
function refusalOf(answer: LightMyRequestResponse): number {
  const { schemas, status, detail } = answer.json<{
    readonly schemas: unknown;
    readonly status: string;
    readonly detail: string;
  }>();
  demand(isDeepStrictEqual(schemas, [uris.error]), 'the error has another schema');
  demand(status === String(answer.statusCode), 'the error tells another status');
  demand(detail.length > 0 && detail.length < 400, 'the error repeats what was sent, or says nothing');
  return answer.statusCode;
}

/** An answer is what is read afterwards. */
function agree(answer: Shown, now: Shown, isWhole: boolean): void {
  const { schemas: _, ...asked } = now as Shown & { readonly schemas: unknown };
  const { schemas: __, ...answered } = answer as Shown & { readonly schemas: unknown };
  demand(isDeepStrictEqual(isWhole ? answer : answered, isWhole ? now : asked), 'the answer is not what it is now');
}

const versionOf = ({ meta }: Shown): number => Number(/^W\/"(\d+)"$/.exec(meta.version)?.[1]);

/** The id and its birth stay. The version counts on by one where something has changed, and nothing has without it. */
function isNext(before: Shown, now: Shown): void {
  const { meta: one, ...attributes } = before;
  const { meta: other, ...changed } = now;
  demand(now.id === before.id, 'it has another id');
  demand(one.created === other.created && one.location === other.location, 'it was made anew');
  const steps = versionOf(now) - versionOf(before);
  const isSame = isDeepStrictEqual(attributes, changed);
  demand(steps === (isSame ? 0 : 1), `the version goes ${steps} on where ${isSame ? 'nothing' : 'something'} changed`);
  demand(steps > 0 || one.lastModified === other.lastModified, 'it is younger without a change');
}
