// Tests scripts/quickstart/next-steps.ts
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { nextSteps } from '../../../scripts/quickstart/next-steps.js';

const config = loadConfig(readEnvironment({}));
const origin = 'http://127.0.0.1:8080';

describe('the last lines of the quickstart', () => {
  it('tell where the pages are, and where the token is that opens the console', () => {
    expect(nextSteps(config, origin, null)).toContain(
      `\nConsole: ${origin}/console/ (sign in with the API token in .kubepass/admin-token)\nSwagger UI: ${origin}/docs\n`,
    );
  });

  it('name no console where there is none', () => {
    const text = nextSteps({ ...config, console: false }, origin, null);
    expect(text.toLowerCase()).not.toContain('console');
    expect(text).toContain(`\nSwagger UI: ${origin}/docs\n`);
  });
});
