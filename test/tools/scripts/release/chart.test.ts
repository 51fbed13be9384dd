// Tests scripts/release/chart.ts
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packChart } from '../../../../scripts/release/chart.js';
import { trackedFiles } from '../../../../scripts/release/git.js';

const folder = 'deploy/chart/kubepass';
const time = new Date('2026-11-30T07:00:01Z');
const image = { registry: 'registry.example:5000', repository: 'team/kubepass', digest: `sha256:${'a'.repeat(64)}` };

async function unpacked(octets: Buffer): Promise<Map<string, string>> {
  const tar = extract();
  tar.end(gunzipSync(octets));
  const files = new Map<string, string>();
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    files.set(entry.header.name, Buffer.concat(chunks).toString());
  }
  return files;
}

const committed = new Map(
  trackedFiles('.', folder).map((path) => [`kubepass/${path.slice(folder.length + 1)}`, readFileSync(path, 'utf8')]),
);

describe('a packed chart', () => {
  it('has the files that git has, Chart.yaml first', async () => {
    const files = await unpacked(await packChart('.', folder, time, null));
    expect([...files.keys()][0]).toBe('kubepass/Chart.yaml');
    expect(Object.fromEntries(files)).toEqual(Object.fromEntries(committed));
  });

  it('names the image by digest in its values, and changes nothing else', async () => {
    const files = await unpacked(await packChart('.', folder, time, image));
    const values = files.get('kubepass/values.yaml') ?? '';
    const before = committed.get('kubepass/values.yaml') ?? '';
    const { image: filled, ...others } = parse(values) as { readonly image: object };
    const { image: own, ...same } = parse(before) as { readonly image: object };
    expect(filled).toEqual({ ...own, ...image });
    expect(others).toEqual(same);
    const lines = values.split('\n');
    expect(before.split('\n').filter((line, index) => line !== lines[index])).toHaveLength(3);
    files.set('kubepass/values.yaml', before);
    expect(Object.fromEntries(files)).toEqual(Object.fromEntries(committed));
  });
});
