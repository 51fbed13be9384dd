import type { InspectedObject, Inspection, Relation } from '../model/inspection.js';

/** A certificate, request or list in the tree of its signer. */
export interface RelationNode {
  /** The path of an object, or a resource of this service. */
  readonly path: string;
  /** Null for a resource of this service, `/v1/clusters/{name}`. */
  readonly object: InspectedObject | null;
  /** The paths of its keys. */
  readonly keys: readonly string[];
  /** The paths of equal objects. */
  readonly copies: readonly string[];
  readonly notes: readonly string[];
  readonly children: readonly RelationNode[];
}

/** The relations of an upload as trees, signer on top. */
interface RelationForest {
  readonly trees: readonly RelationNode[];
  /** Relations other than signatures, in words. */
  readonly others: readonly OtherRelation[];
}

interface OtherRelation {
  readonly from: string;
  readonly words: string;
  readonly to: string;
}

/** Deeper chains continue in their own tree, so that no upload decides how deep a page nests. */
const maxDepth = 10;

const words = {
  SameAs: 'is the same as',
  PointsAt: 'points at',
  IssuedFor: 'was issued for',
  RevokedBy: 'is revoked by',
  IsKeyOf: 'is the key of',
} as const;

/**
 * Shows each certificate once, and every request or list that is signed or has a key. Circles of relations end.
 */
export function relationForest(inspection: Inspection): RelationForest {
  const objects = new Map(inspection.objects.map((object) => [object.path, object]));
  const groups = groupsOfSame(inspection);
  const first = (path: string): string => groups.get(path)?.[0] ?? path;

  const keys = grouped(inspection.relations, 'IsKeyOf', ({ from, to }) => [first(to), from]);
  const chainEnds = grouped(inspection.relations, 'ChainsTo', ({ from, to }) => [first(from), first(to)]);
  const signers = grouped(inspection.relations, 'SignedBy', ({ from, to }) => [first(from), first(to)]);
  const parents = parentsOf(signers, chainEnds);
  const isNode = ({ path, type }: InspectedObject): boolean =>
    path === first(path) && (type === 'Certificate' || parents.has(path) || (isSigned(type) && keys.has(path)));

  const nodes = inspection.objects.filter(isNode).map(({ path }) => path);
  const children = new Map<string, string[]>();
  for (const path of nodes) for (const parent of parents.get(path) ?? []) push(children, parent, path);

  const shown = new Set<string>();
  const trees: RelationNode[] = [];
  const waiting: { readonly path: string; readonly after: string }[] = [];

  const nodeOf = (path: string, above: readonly string[], more: readonly string[] = []): RelationNode => {
    const object = objects.get(path) ?? null;
    const elsewhere = (chainEnds.get(path) ?? []).filter((end) => isOurs(end) && !above.includes(end));
    const notes = [...more, ...elsewhere.map((end) => `chains to ${end}`)];
    const node = { path, object, keys: keys.get(path) ?? [], copies: groups.get(path)?.slice(1) ?? [] };
    if (shown.has(path)) return { ...node, keys: [], copies: [], notes: [...more, 'shown above'], children: [] };
    shown.add(path);
    const below = children.get(path) ?? [];
    if (above.length >= maxDepth) {
      waiting.push(...below.map((child) => ({ path: child, after: path })));
      return { ...node, notes: below.length === 0 ? notes : [...notes, 'goes on below'], children: [] };
    }
    return { ...node, notes, children: below.map((child) => nodeOf(child, [...above, path])) };
  };
  const plant = (path: string, notes: readonly string[]) => {
    trees.push(nodeOf(path, [], notes));
    for (let next = waiting.shift(); next; next = waiting.shift())
      if (!shown.has(next.path)) trees.push(nodeOf(next.path, [], [`signed by ${next.after}`]));
  };

  const ours = [...children.keys()].filter((path) => !objects.has(path));
  for (const path of ours) plant(path, []);
  const roots = nodes.filter((path) => !parents.has(path));
  for (const path of roots) plant(path, notesOfRoot(objects.get(path)));
  // The others are signed in circles. The first of each circle stands on top.
  for (const path of nodes) if (!shown.has(path)) plant(path, ['signed by one of those below']);

  const inTrees = new Set(nodes.flatMap((path) => groups.get(path) ?? path));
  return { trees, others: otherRelations(inspection.relations, inTrees) };
}

const isSigned = (type: InspectedObject['type']): boolean =>
  type === 'Certificate' || type === 'CertificationRequest' || type === 'CertificateList';

/** By path, the paths of equal certificates, requests or lists. The shortest path comes first: it says most. */
function groupsOfSame({ objects, relations }: Inspection): ReadonlyMap<string, readonly string[]> {
  const types = new Map(objects.map(({ path, type }) => [path, type]));
  const groups = new Map<string, string[]>();
  for (const { type, from, to } of relations) {
    const known = types.get(to);
    if (type !== 'SameAs' || known === undefined || known !== types.get(from) || !isSigned(known)) continue;
    const [one, other] = [groups.get(from) ?? [from], groups.get(to) ?? [to]];
    const together = [...new Set([...one, ...other])].sort((a, b) => a.length - b.length);
    for (const path of together) groups.set(path, together);
  }
  return groups;
}

/** The signers in the upload, or else the clusters of ours at the end of the chain. */
function parentsOf(
  signers: ReadonlyMap<string, readonly string[]>,
  chainEnds: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const parents = new Map(signers);
  for (const [path, ends] of chainEnds) {
    const known = ends.filter(isOurs);
    if (!parents.has(path) && known.length > 0) parents.set(path, known);
  }
  return parents;
}

/** Whether a path is a resource of this service, not an object of the upload. */
const isOurs = (path: string): boolean => path.startsWith('/v1/');

const notesOfRoot = (object: InspectedObject | undefined): string[] =>
  object?.type !== 'Certificate' ? [] : [object.selfSigned ? 'self-signed' : 'its signer is not in the upload'];

/** Leaves out the relations that the trees show: chains, keys and copies. */
function otherRelations(relations: readonly Relation[], inTrees: ReadonlySet<string>): OtherRelation[] {
  return relations.flatMap(({ type, from, to }) => {
    if (type === 'SignedBy' || type === 'ChainsTo' || type === 'ChainStopsAt') return [];
    if ((type === 'IsKeyOf' || (type === 'SameAs' && inTrees.has(from))) && inTrees.has(to)) return [];
    return [{ from, words: words[type], to }];
  });
}

/** Values by key, without duplicates and without relations of an object to itself. */
function grouped(
  relations: readonly Relation[],
  type: Relation['type'],
  keyAndValue: (relation: Relation) => readonly [string, string],
): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const relation of relations) {
    if (relation.type !== type) continue;
    const [key, value] = keyAndValue(relation);
    if (key !== value) push(groups, key, value);
  }
  return groups;
}

function push(groups: Map<string, string[]>, key: string, value: string): void {
  const values = groups.get(key);
  if (values === undefined) groups.set(key, [value]);
  else if (!values.includes(value)) values.push(value);
}
