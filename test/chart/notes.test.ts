// Tests deploy/chart/kubepass/
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { chartFolder, ciFile, describeChart, render, type RenderOptions } from './render.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());
const folder = `${directory.path}/kubepass`;

describeChart('the notes after an installation', () => {
  beforeAll(() => {
    // helm shows them to whoever installs, and `helm template` does not; so here they are the data of a ConfigMap.
    cpSync(chartFolder(), folder, { recursive: true });
    const notes = readFileSync(`${folder}/templates/NOTES.txt`, 'utf8');
    writeFileSync(`${folder}/templates/_notes.tpl`, `{{- define "notes" -}}\n${notes}{{- end -}}`);
    const metadata = '{ name: notes }\ndata: {{ dict "notes" (include "notes" .) | toJson }}\n';
    writeFileSync(`${folder}/templates/notes.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}`);
  });
  const notes = async (values: object, options: RenderOptions = {}) =>
    (await render(values, { ...options, folder })).find('ConfigMap', 'notes').data?.['notes'] ?? '';

  it('tell the address, and that nothing is permitted without a policy', async () => {
    expect(await notes({}, { release: 'prod', namespace: 'security' })).toContain(
      'serves https://prod-kubepass.security.svc\n',
    );
    expect(await notes({})).toContain('There is no policy');
    const outside = await notes({}, { files: [ciFile('everything')] });
    expect(outside).toContain('serves https://kubepass.kubepass.svc:8443, and https://kubepass.example.com\n');
    expect(outside).not.toContain('There is no policy');
    expect(await notes({}, { files: [ciFile('gateway')] })).toContain('svc, https://kubepass.example.com\n');
  });

  it('lead to the first admin’s token: in the Secret that you name, in the pod, or in one of several', async () => {
    const inPod = 'deploy/kubepass --container kubepass -- node dist/kubepass.js admin-token --show';
    expect(await notes({})).toContain(`kubectl exec --namespace kubepass ${inPod}`);
    const several = { replicas: 2, firstAdminToken: { name: '' } };
    expect(await notes(several, { files: [ciFile('ha')] })).toContain('exec --namespace kubepass POD');
    const named = await notes({ firstAdminToken: { key: 'my.token' } }, { files: [ciFile('ha')] });
    expect(named).toContain('kubectl get secret --namespace kubepass kubepass-first-admin-token');
    expect(named).toContain(`go-template='{{ index .data "my.token" | base64decode }}'`);
    expect(named).not.toContain('exec');
  });
});
