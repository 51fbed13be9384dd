import type { PrincipalSelector } from '../model/decision.js';
import type { Requester, Role } from '../model/principal.js';
import { quoteAll } from '@kubepass/inspect/formats';

/** The variables that a glob may contain. */
export const globVariables = ['requester.username'] as const;
const variable = '${requester.username}';

/** The text with the requester's name in place of the variable. */
export const fillIn = (text: string, requester: string): string => text.split(variable).join(requester);

/** A compiled list of globs. */
export interface Globs {
  readonly patterns: readonly string[];
  /** The list as the trace describes it where a value must match. */
  readonly expected: string;
  /** The list as the trace describes it where no value may match. */
  readonly unexpected: string;
  /** Whether any of the globs matches the whole value; `requester`: the name that a variable in them stands for. */
  matches(value: string, requester?: string): boolean;
}

export function compileGlobs(patterns: readonly string[]): Globs {
  const globs = patterns.map(compileGlob);
  return {
    patterns,
    expected: anyOf(patterns),
    unexpected: patterns.length === 0 ? 'anything' : `none of ${quoteAll(patterns)}`,
    matches: (value, requester) => globs.some((glob) => glob(value, requester)),
  };
}

/** A list of values of which one must be present. */
export interface Choice<Value extends string> {
  readonly values: readonly Value[];
  /** The list as the trace describes it. */
  readonly expected: string;
}

export function choiceOf<Value extends string>(values: readonly Value[]): Choice<Value> {
  return { values, expected: anyOf(values) };
}

function anyOf(expected: readonly string[]): string {
  return expected.length === 0 ? 'nothing matches an empty list' : `any of ${quoteAll(expected)}`;
}

/** The variables in a glob that do not exist, as written. */
export function unknownVariables(glob: string, known: readonly string[]): readonly string[] {
  return (glob.match(/\$\{[^}]*\}?/g) ?? []).filter((written) => !known.includes(written.slice(2, -1)));
}

/**
 * Whether a glob matches the whole value. Matching is case-sensitive, and `*` is any run of characters.
 * `${requester.username}` is replaced after the glob was split at its stars, so a star in that name is a plain
 * character.
 */
function compileGlob(glob: string): (value: string, requester?: string) => boolean {
  const pieces = glob.split('*');
  if (!glob.includes(variable)) return (value) => matchesPieces(pieces, value);
  return (value, requester = variable) =>
    matchesPieces(
      pieces.map((piece) => fillIn(piece, requester)),
      value,
    );
}

/**
 * Takes each piece between stars at its first place after the previous piece. An earlier place never leaves less room
 * for the rest, so this needs no backtracking and its time is bounded for every glob.
 */
function matchesPieces(pieces: readonly string[], value: string): boolean {
  const head = pieces[0] ?? '';
  const last = pieces.length - 1;
  if (last === 0) return value === head;
  if (!value.startsWith(head)) return false;
  let position = head.length;
  for (let i = 1; i < last; i++) {
    const piece = pieces[i] ?? '';
    const found = value.indexOf(piece, position);
    if (found === -1) return false;
    position = found + piece.length;
  }
  const tail = pieces[last] ?? '';
  return value.length - tail.length >= position && value.endsWith(tail);
}

/**
 * Selects the requests that a policy or guardrail applies to: OR within a field, AND across fields. An omitted field
 * matches every request, an empty list matches none.
 */
export interface Selector {
  readonly clusters?: Globs | undefined;
  /** By key. A request without the key does not match. */
  readonly labels?: ReadonlyMap<string, Globs> | undefined;
  readonly requesters?:
    | {
        readonly names?: Globs | undefined;
        readonly groups?: Globs | undefined;
        readonly roles?: Choice<Role> | undefined;
      }
    | undefined;
}

/** A selector as written in a policy or guardrail. */
export interface WrittenSelector {
  readonly clusters?: readonly string[];
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly requesters?: PrincipalSelector;
}

export function compileSelector({ clusters, labels, requesters }: WrittenSelector): Selector {
  return {
    clusters: globsOrAny(clusters),
    labels: labels && new Map(Object.entries(labels).map(([key, globs]) => [key, compileGlobs(globs)])),
    requesters: requesters && {
      names: globsOrAny(requesters.names),
      groups: globsOrAny(requesters.groups),
      roles: requesters.roles && choiceOf(requesters.roles),
    },
  };
}

/** An omitted list stays omitted. */
export const globsOrAny = (patterns: readonly string[] | undefined): Globs | undefined =>
  patterns && compileGlobs(patterns);

/** Whether the rule can apply to a request of this requester on this cluster, whatever its labels are. */
export function selects({ clusters, requesters = {} }: Selector, cluster: string, requester: Requester): boolean {
  const { names, groups, roles } = requesters;
  return (
    (clusters === undefined || clusters.matches(cluster)) &&
    (names === undefined || isNamed(names, requester)) &&
    (groups === undefined || isInGroup(groups, requester)) &&
    (roles === undefined || hasRole(roles, requester))
  );
}

export const isNamed = (names: Globs, requester: Requester): boolean => names.matches(requester.name);
export const isInGroup = (globs: Globs, { groups }: Requester): boolean => groups.some((group) => globs.matches(group));
export const hasRole = ({ values }: Choice<string>, { roles }: Requester): boolean =>
  roles.some((role) => values.includes(role));

/** Whether a selector as written matches a principal. */
export function matchesPrincipal(selector: PrincipalSelector, principal: Requester): boolean {
  return selects(compileSelector({ requesters: selector }), '', principal);
}
