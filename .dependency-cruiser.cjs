/**
 * The dependency rule of `src/` and of the packages. A room may import itself and what docs/architecture.md lists for
 * it, type imports included; whatever is not listed is refused. A package is imported by its name, which is one of its
 * indexes, and never by a path. Each place that a rule names must exist: a rule about a file that was moved would guard
 * nothing.
 */
const { readFileSync } = require('node:fs');

const x509 = '@kubepass/x509';
const commandLine = '@kubepass/inspect/command-line';

/** The rooms of docs/architecture.md, from the top of the house down. Only that page describes them. */
const rooms = Object.fromEntries(
  readFileSync(require.resolve('./docs/architecture.md'), 'utf8')
    .split('\n')
    .map((line) => /^\| `([\w/-]+)\/` \| [^|]+ \| ([^|]+) \|$/.exec(line))
    .filter((row) => row !== null)
    .map(([, room, imports]) => [room, [...imports.matchAll(/`([^`]+)`/g)].map(([, place]) => place)]),
);
if (Object.keys(rooms).length === 0) throw new Error('docs/architecture.md has no table of rooms');

/** The packages, which know nothing of the service, and the rooms of the first, whose lowest is `hygiene`. */
const libraries = {
  'packages/x509/src/hygiene': [],
  'packages/x509/src/strict': ['packages/x509/src/hygiene'],
  'packages/x509/src/tree': ['packages/x509/src/strict'],
  'packages/x509/src/openssl-text': ['packages/x509/src/strict', 'packages/x509/src/tree'],
  'packages/x509/src': [],
  'packages/inspect/src/formats': [],
  'packages/inspect/src/command-line': ['packages/inspect/src/formats', x509],
  'packages/inspect/src': [x509, '@kubepass/x509/public-keys', '@kubepass/x509/tree', '@kubepass/x509/openssl-text'],
  // The kubectl plugin: knows the service by HTTP alone, and the words for a key and a reason.
  'packages/kubectl-kubepass/src': [x509, '@kubepass/inspect/offline', commandLine],
  // The pages: they know the service by its contract alone.
  'packages/console/src': [],
};

/** Rooms of a subject have their routes beside their use cases. A use case knows nothing of HTTP; these files do. */
const subjects = ['access', 'requests', 'log', 'backup', 'clusters', 'webhooks', 'inspections', 'directory'];
const speaksHttp =
  '(-(routes|schemas|view|text)|/(event-payload|webhook-events|upload-bodies|messages|send-certificate))\\.ts$';

/** Libraries and the only places that may import them. */
const fences = [
  {
    name: 'fastify',
    library: '(@fastify/[^/]+|fastify|fastify-plugin)',
    only: ['start/app.ts', 'http', ...subjects, 'callers/routes'],
  },
  {
    name: 'database',
    library: '(@prisma/[^/]+|prisma|better-sqlite3|@types/better-sqlite3|pg|@types/pg)',
    only: ['store'],
  },
  { name: 'kubernetes-client', library: '(@kubernetes/client-node|undici)', only: ['kubernetes', 'callers'] },
  { name: 'worker-pool', library: 'piscina', only: ['workers'] },
  // Signatures of tokens, and the login with an identity provider.
  { name: 'oidc', library: '(jose|openid-client|oauth4webapi)', only: ['callers/oidc'] },
  // Traces, loaded only where somebody collects them.
  { name: 'opentelemetry', library: '@opentelemetry/[^/]+', only: ['observability/traces'] },
  { name: 'cookie', library: 'cookie', only: ['http'] },
  { name: 'metrics', library: 'prom-client', only: ['observability/metrics'] },
  { name: 'cel', library: '(@marcbachmann/cel-js|@bufbuild/[^/]+|cel-js)', only: ['policy/cel'] },
  { name: 'x509', library: '(@peculiar/x509|reflect-metadata|tsyringe)', only: ['signing'] },
  { name: 'asn1', library: '@peculiar/asn1-[^/]+', only: ['signing'] },
];

const escape = (text) => text.replaceAll('.', '\\.');
/** The index of a package's export: `@kubepass/x509/tree` is packages/x509/src/tree/index.ts. */
const indexOf = (name) => name.replace(/^@kubepass\/([^/]+)/, 'packages/$1/src').concat('/index.ts');
/** A pattern for these rooms and files: under `src/`, under packages/, and exports of packages by their names. */
const within = (...places) => {
  const paths = places.map((place) => {
    if (place.startsWith('@kubepass/')) return `${escape(indexOf(place))}$`;
    const path = place.startsWith('packages/') ? place : `src/${place}`;
    return path.endsWith('.ts') ? `${escape(path)}$` : `${path}${path.endsWith('/') ? '' : '/'}`;
  });
  return `^(${paths.join('|')})`;
};
const ours = '^(src|packages)/';

const generated = '^src/store/generated/';

const allowed = ([place, imports], _index, all) => {
  const inside = all.map(([other]) => other).filter((other) => other.startsWith(`${place}/`));
  return {
    name: `${place}-imports-only-its-own`,
    comment: `${place} may import ${[...imports].join(', ') || 'nothing of ours'}`,
    severity: 'error',
    from: { path: within(place), ...(inside.length > 0 && { pathNot: within(...inside) }) },
    to: { path: ours, pathNot: within(place, ...imports) },
  };
};

const fenced = ({ name, library, only }) => ({
  name: `${name}-fence`,
  comment: `only ${only.join(', ')} may import it`,
  severity: 'error',
  from: { path: ours, pathNot: within(...only) },
  to: { path: `(^|(^|/)node_modules/)${library}(/|$)` },
});

const inputOutput =
  '^(node:)?(fs|fs/promises|net|tls|dgram|dns|http|https|http2|child_process|cluster|worker_threads)$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(allowed),
    ...Object.entries(libraries).map(allowed),
    ...fences.map(fenced),
    {
      name: 'every-room-is-known',
      comment: 'a new folder or file in src/ takes its place in the dependency rule first',
      severity: 'error',
      from: { path: '^src/', pathNot: within(...Object.keys(rooms)) },
      to: {},
    },
    {
      name: 'every-imported-room-is-known',
      comment: 'the same for a file that imports nothing itself',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/', pathNot: within(...Object.keys(rooms)) },
    },
    {
      name: 'no-orphans',
      comment:
        'a file that nothing imports and that imports nothing is dead or forgotten; the page of the console asks for one itself',
      severity: 'error',
      from: { path: ours, pathNot: '^packages/console/src/(scheme\\.ts|styles\\.d\\.ts)$', orphan: true },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'the generated Prisma client has its own, between types',
      severity: 'error',
      from: { pathNot: generated },
      to: { circular: true },
    },
    {
      name: 'only-issuance-mints-approved-requests',
      comment: 'so that a signer cannot be handed anything else',
      severity: 'error',
      from: { path: '^src/', pathNot: within('requests/issuance') },
      to: { path: '^src/model/mint-approved-request\\.ts$' },
    },
    {
      name: 'only-programs-start-a-service',
      comment: 'nothing but a verb imports start/, and nothing but the program imports a verb',
      severity: 'error',
      from: { path: '^src/', pathNot: within('programs', 'start') },
      to: { path: within('programs', 'start') },
    },
    {
      name: 'the-service-hears-signals-first',
      comment: 'it loads all else when it hears them',
      severity: 'error',
      from: { path: within('programs/serve.ts') },
      to: { path: ours, pathNot: within('programs/run-service.ts') },
    },
    {
      name: 'verbs-load-what-they-need',
      comment: 'a static import of the program would be loaded by each verb, and before the service hears signals',
      severity: 'error',
      from: { path: within('programs/kubepass.ts', 'programs/serve.ts') },
      to: {
        path: ours,
        pathNot: within('programs/serve.ts'),
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    {
      name: 'one-verb-speaks-http',
      comment: 'the others work beside a service, or while there is none',
      severity: 'error',
      from: { path: within('programs'), pathNot: within('programs/run-service.ts') },
      to: { path: within('http') },
    },
    {
      name: 'programs-without-a-service-load-none',
      comment: 'auditors, policy repositories and control-plane nodes run them',
      severity: 'error',
      from: {
        path: within(
          'programs/kubepass-verify.ts',
          'programs/verify.ts',
          'programs/inspect.ts',
          'programs/policy-check.ts',
          'programs/revocation-file.ts',
          'programs/client-ca-file.ts',
          'programs/node-files',
        ),
      },
      to: { path: within('start', 'http', 'store', 'backup', 'config', 'observability') },
    },
    {
      name: 'use-cases-know-no-http',
      comment: 'a route calls the use case of its subject with the context; the use case answers a value or a refusal',
      severity: 'error',
      from: { path: within(...subjects), pathNot: speaksHttp },
      to: { path: within('http', 'callers/routes') },
    },
    {
      name: 'use-cases-know-no-fastify',
      severity: 'error',
      from: { path: within(...subjects), pathNot: speaksHttp },
      to: { path: '(^|(^|/)node_modules/)(@fastify/[^/]+|fastify|fastify-plugin)(/|$)' },
    },
    {
      name: 'only-ca-files-of-signing-reach-the-database',
      comment: 'a signer gets its key and its request as arguments; these read the files of issuers and record them',
      severity: 'error',
      from: {
        path: within('signing'),
        pathNot: within(
          'signing/keys',
          'signing/issuer-files.ts',
          'signing/issuer-records.ts',
          'signing/open-issuers.ts',
        ),
      },
      to: { path: within('store', 'config', 'signing/generate-certificate-authority.ts') },
    },
    {
      name: 'observers-know-the-store-as-types',
      comment: 'start/ hands it to them; the functions of store/tables are what they write, and need no database',
      severity: 'error',
      from: { path: within('observability', 'webhooks') },
      to: { path: within('store', 'context'), pathNot: within('store/tables'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: {
        path: within(
          'model',
          'audit',
          'context',
          'access',
          'requests',
          'directory',
          'clusters',
          'kubernetes/render-kubeconfig.ts',
          'kubernetes/revocation-enforcement-files.ts',
          'http/answers/csv-record.ts',
          'packages/x509/src',
          'packages/inspect/src',
        ),
        // Programs, which read files.
        pathNot: within('packages/inspect/src/offline', 'audit/verify-files.ts', 'audit/read-lines.ts'),
      },
      to: { path: inputOutput },
    },
    {
      name: 'x509-library-is-loaded-at-its-first-use',
      comment: 'by import(): it would slow down every start, and few starts need it',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: within('signing/generate-certificate-authority.ts', 'signing/library-reading.ts'),
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'opentelemetry-is-loaded-where-it-is-used',
      comment: 'by import(): most services send no traces, and it would slow down their start',
      severity: 'error',
      from: { path: '^src/', pathNot: within('observability/traces') },
      to: { path: within('observability/traces'), dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'deciding-is-pure',
      comment: 'decide() and all that it uses reach no file and no network',
      severity: 'error',
      from: { path: '^src/policy/decide\\.ts$' },
      to: { path: inputOutput, reachable: true },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: ours },
      to: { path: '^(bench|test|scripts|dist)/|^packages/[^/]+/(test|scripts|dist)/' },
    },
    {
      name: 'production-dependencies-only',
      comment: 'what src/ imports is in `dependencies`; types may come from elsewhere',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
