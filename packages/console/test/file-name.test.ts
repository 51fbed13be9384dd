// Tests packages/console/src/parts/file-name.ts
import { describe, expect, it } from 'vitest';
import { kubeconfigName, shellWord } from '../src/parts/file-name.js';

describe('the file of a kubeconfig', () => {
  it.each([
    ['jane@corp.example', 'prod-eu', 'jane@corp.example@prod-eu.kubeconfig'],
    ['../../etc/passwd', 'demo', '___.._etc_passwd@demo.kubeconfig'],
    ['-rf', 'demo', '_rf@demo.kubeconfig'],
    ['a b\u202egpj.exe', 'demo', 'a_b_gpj.exe@demo.kubeconfig'],
    ['jürgen', 'demo', 'jürgen@demo.kubeconfig'],
    ['C:\\con"?*|<>\n', 'demo', 'C__con_______@demo.kubeconfig'],
  ])('of %j on %s is %s', (username, cluster, name) => {
    expect(kubeconfigName(username, cluster)).toBe(name);
  });
});

describe('a word of a shell', () => {
  it.each([
    ['jane@corp.example', 'jane@corp.example'],
    ['team a', "'team a'"],
    ["o'brien; rm -rf $HOME", String.raw`'o'\''brien; rm -rf $HOME'`],
    ['', "''"],
  ])('%j is written %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
