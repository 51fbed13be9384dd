// Tests scripts/release/provenance.ts
import { describe, expect, it } from 'vitest';
import { imageName, parseImageReference } from '../../../../scripts/release/provenance.js';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('a reference of an image', () => {
  it.each([
    ['registry.example/team/kubepass', 'registry.example', 'team/kubepass'],
    ['registry.example:5000/kubepass', 'registry.example:5000', 'kubepass'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000', 'a/b/c'],
    ['[::1]:5000/kubepass', '[::1]:5000', 'kubepass'],
    ['localhost/kubepass', 'localhost', 'kubepass'],
    ['team/kubepass', '', 'team/kubepass'],
    ['kubepass', '', 'kubepass'],
    ['registry.example/a.b/c_d/e__f/g--h', 'registry.example', 'a.b/c_d/e__f/g--h'],
  ])('is read: %s', (name, registry, repository) => {
    const image = parseImageReference(`${name}@${digest}`);
    expect(image).toEqual({ registry, repository, digest });
    expect(imageName(image)).toBe(name);
  });

  it('may have a tag, which the digest makes superfluous', () => {
    const image = { registry: 'registry.example:5000', repository: 'team/kubepass', digest };
    expect(parseImageReference(`registry.example:5000/team/kubepass:0.2.0@${digest}`)).toEqual(image);
    expect(parseImageReference(`kubepass:0.2.0@${digest}`)).toEqual({ registry: '', repository: 'kubepass', digest });
  });

  it.each([
    ['', 'has no digest'],
    ['registry.example/kubepass', 'has no digest'],
    ['registry.example/kubepass:0.2.0', 'has no digest'],
    [`registry.example/kubepass@${digest.slice(0, -1)}`, 'digest is none'],
    [`registry.example/kubepass@${digest}0`, 'digest is none'],
    [`registry.example/kubepass@${digest.toUpperCase()}`, 'digest is none'],
    [`registry.example/kubepass@${digest}@${digest}`, 'digest is none'],
    [`registry.example/kubepass@${digest}\n`, 'digest is none'],
    [`registry.example/kubepass@sha512:${'a'.repeat(128)}`, 'digest is none'],
    [`registry.example/kubepass:@${digest}`, 'tag is none'],
    [`registry.example/kubepass:-x@${digest}`, 'tag is none'],
    [`registry.example/Kubepass@${digest}`, 'name is none'],
    [`registry.example/@${digest}`, 'name is none'],
    [`registry.example//kubepass@${digest}`, 'name is none'],
    [`/kubepass@${digest}`, 'name is none'],
    [`kubepass/@${digest}`, 'name is none'],
    [`a b@${digest}`, 'name is none'],
    [`@${digest}`, 'name is none'],
    [`registry.example/${'a'.repeat(250)}@${digest}`, 'name is none'],
    [`https://registry.example/kubepass@${digest}`, 'registry is none'],
    [`-registry.example/kubepass@${digest}`, 'registry is none'],
    [`registry.example:x/kubepass@${digest}`, 'registry is none'],
    [`somebody:secret.x/kubepass@${digest}`, 'registry is none'],
  ])('is refused: %j, because it %s', (text, reason) => {
    expect(() => parseImageReference(text)).toThrow(reason);
  });
});
