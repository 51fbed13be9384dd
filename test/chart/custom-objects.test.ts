// Tests deploy/chart/kubepass/
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { findOnPath } from '../../scripts/executables.js';
import { areBuilt, buildOnce, goBuild, goTools, pinnedVersion, sayingSo } from '../helpers/go-tools.js';
import { ciFiles, describeChart, render } from './render.js';

const module_ = fileURLToPath(new URL('./tools/', import.meta.url));
const tools = goTools(
  'chart',
  module_,
  `cert-manager-${pinnedVersion(module_, 'github.com/cert-manager/cert-manager')}`,
);
const program = join(tools.folder, 'tools');
const isMissing = !areBuilt(tools) && findOnPath('go') === null;

/** The verdicts of the controllers' own Go types on the objects of a stream that have one: `Kind/name`, a tab, `ok`. */
const decode = (manifests: string): readonly string[] =>
  execFileSync(program, { input: manifests, encoding: 'utf8' }).split('\n').slice(0, -1);

describeChart('objects of custom resources', () => {
  describe.skipIf(isMissing)('decode as the Go types of their controllers', () => {
    beforeAll(() =>
      buildOnce(tools, (folder) =>
        sayingSo(
          (text) => console.error(`test:chart: ${text}`),
          'building the types of custom resources with Go, once (about 1 min)',
          () => goBuild(tools, folder, ['.'], { flags: ['-ldflags=-s -w'] }),
        ),
      ),
    );

    it('in every file of ci/, without an unknown field', async () => {
      const verdicts = await Promise.all(
        ciFiles().map(async (file) => {
          const { text, objects } = await render({}, { files: [file] });
          const own = objects.filter(({ apiVersion }) => /^(?:cert-manager|monitoring|gateway)\./.test(apiVersion));
          const decoded = decode(text);
          expect([...decoded].sort(), basename(file)).toEqual(
            own.map(({ kind, metadata }) => `${kind}/${metadata.name}\tok`).sort(),
          );
          return decoded;
        }),
      );
      const kinds = new Set(verdicts.flat().map((verdict) => verdict.split('/')[0]));
      expect(kinds).toEqual(new Set(['Certificate', 'ServiceMonitor', 'PrometheusRule', 'TLSRoute']));
    });

    it('and a field that they do not have is found, as is one of another type', () => {
      const certificate = (spec: string) =>
        `apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\nspec: {secretName: a, ${spec}}\n`;
      expect(decode(`${certificate('duration: 2160h0m0s')}---\n${certificate('dnsName: [a]')}`)).toEqual([
        'Certificate/a\tok',
        expect.stringMatching(/unknown field .*dnsName/),
      ]);
      expect(decode(certificate('duration: 90d'))).toEqual([expect.stringMatching(/unknown unit/)]);
      expect(decode(certificate('isCA: "yes"'))).toEqual([expect.stringMatching(/cannot unmarshal string/)]);
    });
  });
});
