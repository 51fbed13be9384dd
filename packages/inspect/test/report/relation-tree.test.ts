// Tests packages/inspect/src/report/relation-tree.ts
import { describe, expect, it } from 'vitest';
import { relationForest, type RelationNode } from '../../src/report/relation-tree.js';
import type { Relation, RelationType } from '../../src/model/inspection.js';
import { certificateOf, fixtureDer } from './inspections.js';

const der = fixtureDer('k8s-ca.crt');

const relation = (from: string, type: RelationType, to: string): Relation => ({ type, from, to });

function forestOf(paths: readonly string[], relations: readonly Relation[], selfSigned: readonly string[] = []) {
  const objects = paths.map((path) => certificateOf(path, der, { selfSigned: selfSigned.includes(path) }));
  return relationForest({ objects, relations, findings: [] });
}

/** `root(child(grandchild),other)`, notes in brackets. */
const drawn = ({ path, notes, children }: RelationNode): string =>
  path +
  (notes.length === 0 ? '' : `[${notes.join('; ')}]`) +
  (children.length === 0 ? '' : `(${children.map(drawn).join(',')})`);

describe('chains as a tree', () => {
  it('puts what was signed under what signed it', () => {
    const { trees } = forestOf(
      ['leaf', 'intermediate', 'root', 'stranger'],
      [
        relation('leaf', 'SignedBy', 'intermediate'),
        relation('intermediate', 'SignedBy', 'root'),
        relation('leaf', 'ChainsTo', 'root'),
        relation('root', 'SignedBy', 'root'),
      ],
      ['root'],
    );
    expect(trees.map(drawn)).toEqual([
      'root[self-signed](intermediate(leaf))',
      'stranger[its signer is not in the upload]',
    ]);
  });

  it('hangs a chain that ends at a cluster of ours on that cluster', () => {
    const { trees } = forestOf(
      ['leaf', 'ca'],
      [
        relation('leaf', 'SignedBy', 'ca'),
        relation('leaf', 'ChainsTo', '/v1/clusters/dev'),
        relation('ca', 'ChainsTo', '/v1/clusters/dev'),
      ],
    );
    expect(trees.map(drawn)).toEqual(['/v1/clusters/dev(ca(leaf))']);
    expect(trees[0]?.object).toBeNull();
  });

  it('shows a certificate once, under its shortest path, with all that belongs to its copies', () => {
    const { trees, others } = forestOf(
      ['admin.conf#ca', 'scheduler.conf#ca', 'ca.crt', 'leaf', 'leaf~2'],
      [
        relation('scheduler.conf#ca', 'SameAs', 'admin.conf#ca'),
        relation('ca.crt', 'SameAs', 'admin.conf#ca'),
        relation('leaf~2', 'SameAs', 'leaf'),
        relation('leaf', 'SignedBy', 'admin.conf#ca'),
        relation('leaf~2', 'SignedBy', 'admin.conf#ca'),
        relation('ca.key', 'IsKeyOf', 'admin.conf#ca'),
        relation('ca.key', 'IsKeyOf', 'ca.crt'),
      ],
      ['ca.crt'],
    );
    expect(trees.map(drawn)).toEqual(['ca.crt[self-signed](leaf)']);
    expect(trees[0]).toMatchObject({ keys: ['ca.key'], copies: ['admin.conf#ca', 'scheduler.conf#ca'] });
    expect(trees[0]?.children[0]?.copies).toEqual(['leaf~2']);
    expect(others).toEqual([]);
  });

  it('says where else a chain ends', () => {
    const { trees } = forestOf(
      ['leaf', 'ca'],
      [relation('leaf', 'SignedBy', 'ca'), relation('leaf', 'ChainsTo', '/v1/clusters/dev')],
      ['ca'],
    );
    expect(trees.map(drawn)).toEqual(['ca[self-signed](leaf[chains to /v1/clusters/dev])']);
  });

  it('shows what two have signed under both, and what is below it once', () => {
    const { trees } = forestOf(
      ['a', 'b', 'cross', 'leaf'],
      [
        relation('cross', 'SignedBy', 'a'),
        relation('cross', 'SignedBy', 'b'),
        relation('cross', 'SignedBy', 'a'),
        relation('leaf', 'SignedBy', 'cross'),
      ],
      ['a', 'b'],
    );
    expect(trees.map(drawn)).toEqual(['a[self-signed](cross(leaf))', 'b[self-signed](cross[shown above])']);
  });

  it('ends where certificates sign each other in a circle', () => {
    const { trees } = forestOf(['a', 'b'], [relation('a', 'SignedBy', 'b'), relation('b', 'SignedBy', 'a')]);
    expect(trees.map(drawn)).toEqual(['a[signed by one of those below](b(a[shown above]))']);
  });

  it('goes on in another tree where a chain is deep', () => {
    const paths = Array.from({ length: 200 }, (_, i) => `c${i}`);
    const { trees } = forestOf(
      paths,
      paths.slice(1).map((path, i) => relation(path, 'SignedBy', `c${i}`)),
    );
    const depth = (node: RelationNode): number => 1 + Math.max(0, ...node.children.map(depth));
    expect(Math.max(...trees.map(depth))).toBe(11);
    expect(
      trees
        .map(drawn)
        .join(' ')
        .match(/\bc\d+/g)?.length,
    ).toBeGreaterThanOrEqual(200);
    expect(trees[1]?.notes).toEqual(['signed by c10']);
  });

  it('names the keys of a certificate and of a request, and what else belongs together', () => {
    const { trees, others } = forestOf(
      ['a', 'b'],
      [
        relation('a.key', 'IsKeyOf', 'a'),
        relation('a.pub', 'IsKeyOf', 'a'),
        relation('a.pub', 'IsKeyOf', 'a.key'),
        relation('a', 'SameAs', 'of another type'),
        relation('a', 'RevokedBy', 'list'),
        relation('a', 'IssuedFor', '/v1/certificate-requests/1'),
        relation('config', 'PointsAt', '/v1/clusters/dev'),
      ],
    );
    expect(trees[0]?.keys).toEqual(['a.key', 'a.pub']);
    expect(others.map(({ from, words, to }) => `${from} ${words} ${to}`)).toEqual([
      'a.pub is the key of a.key',
      'a is the same as of another type',
      'a is revoked by list',
      'a was issued for /v1/certificate-requests/1',
      'config points at /v1/clusters/dev',
    ]);
  });
});
