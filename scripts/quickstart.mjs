// `npm run quickstart`: from a fresh clone to a kubeconfig. What it does once everything is installed is in
// quickstart/quickstart.ts; this part must run before there is anything to run TypeScript with.
import { parseArgs } from 'node:util';
import { SetupError, setUp } from './setup.mjs';

const usage = `npm run quickstart [-- --once]

  serves on the embedded default and obtains a kubeconfig
  --once   end after that instead of serving on: exit 0, or 1 if it failed`;

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
  } else if (values.kubeconfig !== undefined || values.context !== undefined || values.name !== undefined) {
    console.error(
      'quickstart: serving a cluster through its own signer (--kubeconfig, --context, --name) is not there yet;\n' +
        'without these options the quickstart issues with a CA of its own',
    );
    process.exitCode = 2;
  } else {
    await setUp();
    const { tsImport } = await import('tsx/esm/api');
    const { quickstart } = await tsImport('./quickstart/quickstart.ts', import.meta.url);
    process.exitCode = await quickstart({ once: values.once });
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
