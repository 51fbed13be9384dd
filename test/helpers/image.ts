import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The memory limit of the pod of deploy/kubernetes, in MiB. */
export function memoryLimitMebibytes(): number {
  const deployment = parse(readFileSync('deploy/kubernetes/deployment.yaml', 'utf8')) as {
    spec: { template: { spec: { containers: readonly [{ resources: { limits: { memory: string } } }] } } };
  };
  const { memory } = deployment.spec.template.spec.containers[0].resources.limits;
  const mebibytes = /^(\d+)Mi$/.exec(memory)?.[1];
  if (mebibytes === undefined) throw new Error(`the limit ${memory} is not in Mi`);
  return Number(mebibytes);
}

/** How the image starts the service, as far as its memory depends on it. */
export function memorySettings(): { readonly flags: readonly string[]; readonly arenas: string } {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const [, flags = ''] =
    /^exec node (.*) \/app\/dist\/server\.js "\$@"$/m.exec(readFileSync('deploy/image/kubepass', 'utf8')) ?? [];
  const arenas = /MALLOC_ARENA_MAX=(\d+)/.exec(dockerfile)?.[1];
  if (arenas === undefined) throw new Error('the image does not bound the arenas of malloc');
  return { flags: flags.split(' '), arenas };
}
