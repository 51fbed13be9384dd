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

/** The words of an instruction of the Dockerfile: `ENTRYPOINT` is the program, `CMD` the verb. */
export function instruction(name: 'ENTRYPOINT' | 'CMD'): readonly string[] {
  const [, words = '[]'] = new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  return JSON.parse(words) as string[];
}

/** How the image starts the service, as far as its memory depends on it. */
export function memorySettings(): { readonly flags: readonly string[]; readonly arenas: string } {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const [node = '', ...options] = instruction('ENTRYPOINT');
  const program = [options.pop(), ...instruction('CMD')].join(' ');
  if (node !== 'node' || program !== '/app/dist/kubepass.js serve')
    throw new Error(`the image starts ${node} with ${program}`);
  const arenas = /MALLOC_ARENA_MAX=(\d+)/.exec(dockerfile)?.[1];
  if (arenas === undefined) throw new Error('the image does not bound the arenas of malloc');
  return { flags: options, arenas };
}
