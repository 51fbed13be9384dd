// Tests docs/
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { problemTypes } from '../../../src/http/problems/problem-types.js';
import { auditEventTypes } from '../../../src/model/audit-event.js';
import { webhookEventTypes } from '../../../src/model/webhook-delivery.js';
import { codeIn, pages, pageText, read, root } from './pages.js';

/** The service, its packages, what deploys and measures them, and what their tests begin with. */
const sources = globSync(
  '{src,packages/*/src,scripts,bench,prisma,deploy,policies,test/helpers,test/http/support}/**/*.{ts,tsx,mjs,prisma,sql,yaml,json,sh}',
  { cwd: root, exclude: (path) => path.includes('generated') },
).map(read);
const wordsOfSources = new Set(sources.flatMap((text) => text.match(/\w+/g) ?? []));

/** Names of Kubernetes, kubelets, kubeadm and Entra, and roles and databases of PostgreSQL. */
const foreign: readonly string[] = [
  ...['SignerValidationFailure', 'apiServer.extraArgs', 'requestedAccessTokenVersion', 'discoveryURL'],
  ...['cacheAuthorizedTTL', 'authorization.webhook.cacheAuthorizedTTL', 'clientCAFile'],
  ...['kubepass_owner', 'kubepass_before_restore', 'kubepass_client'],
];
const isForeign = (name: string): boolean => foreign.includes(name);

describe.each(pages)('%s', (page) => {
  it('has no reason, type, finding or table that the sources do not have', () => {
    const named = codeIn(page)
      .filter(({ code }) => /^(?:[A-Z][a-z0-9]+){2,}$/.test(code) && !isForeign(code))
      .filter(({ code }) => !wordsOfSources.has(code));
    expect(named).toEqual([]);
  });

  it('has no field or setting that the sources do not have', () => {
    const named = codeIn(page)
      .filter(
        ({ code }) => /^[a-z][A-Za-z0-9]*(?:(?:\[\])?\.[a-z][A-Za-z0-9]*)*$/.test(code) && /[a-z][A-Z]/.test(code),
      )
      .filter(({ code }) => !isForeign(code) && !code.split(/\W+/).every((part) => wordsOfSources.has(part)));
    expect(named).toEqual([]);
  });

  it('calls only that an audit event which is one', () => {
    const text = pageText(page);
    const named = [...text.matchAll(/\b(?:audit events?|events?) `([A-Z]\w+)`/g)].map(([, name]) => name);
    expect(named.filter((name) => !auditEventTypes.some((type) => type === name))).toEqual([]);
  });

  it('calls only that an event of webhooks which is one', () => {
    const named = codeIn(page).filter(({ code }) =>
      /^(?:certificate_request|certificate|identity|audit)\.[a-z]+$/.test(code),
    );
    expect(named.filter(({ code }) => !webhookEventTypes.some((type) => type === code))).toEqual([]);
  });

  it('gives problems the status that they have', () => {
    const shown = [...pageText(page).matchAll(/\b([45]\d\d) `([a-z]+(?:-[a-z]+)+)`/g)];
    const wrong = shown.filter(
      ([, status, type = '']) => String((problemTypes as Record<string, { status: number }>)[type]?.status) !== status,
    );
    expect(wrong.map(([text]) => text)).toEqual([]);
  });

  it('has only metrics of the table in docs/metrics.md', () => {
    const metrics = new Set([...read('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
    const named = [...pageText(page).matchAll(/\bkubepass_[a-z_]*[a-z]\b/g)].map(([name]) => name);
    expect(
      named.filter((name) => !isForeign(name) && !metrics.has(name.replace(/_(?:bucket|count|sum)$/, ''))),
    ).toEqual([]);
  });
});
