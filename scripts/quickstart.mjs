// `npm run quickstart`: from a fresh clone to a kubeconfig. What it does once everything is installed is in
// quickstart/quickstart.ts; this part must run before there is anything to run TypeScript with.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError, setUp } from './setup.mjs';

const usage = `npm run quickstart [-- [--once] [--kubeconfig FILE [--context NAME] [--name NAME]]]

  serves on the embedded default and obtains a first kubeconfig
  --once             end after that instead of serving on: exit 0, or 1 if it failed
  --kubeconfig FILE  serve the cluster of this kubeconfig instead, through its own signer
  --context NAME     the context in it; default: its current one
  --name NAME        what the cluster is called here; default: the context, made a DNS label`;

try {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      name: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(usage);
  } else if (values.kubeconfig === undefined && (values.context ?? values.name) !== undefined) {
    console.error(`quickstart: --context and --name go with --kubeconfig\n\n${usage}`);
    process.exitCode = 2;
  } else {
    await setUp();
    const { tsImport } = await import('tsx/esm/api');
    const { quickstart } = await tsImport('./quickstart/quickstart.ts', import.meta.url);
    const { kubeconfig, context, name } = values;
    process.exitCode = await quickstart({
      once: values.once,
      cluster:
        kubeconfig === undefined
          ? null
          : // npm runs this in the package's folder; what was typed is relative to where it was typed.
            { kubeconfig: resolve(process.env.INIT_CWD ?? '.', kubeconfig), context, name },
    });
  }
} catch (error) {
  if (error instanceof SetupError) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  } else if (String(error?.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(`quickstart: ${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}
