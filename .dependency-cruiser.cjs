/**
 * The dependency rule of `src/` and of the packages. A room may import itself and what is listed here, type imports
 * included; whatever is not listed is refused. A package is imported by its name, which is one of its indexes, and
 * never by a path. Each place that a rule names must exist: a rule about a file that was moved would guard nothing.
 */
const x509 = '@kubepass/x509';
const texts = '@kubepass/inspect/formats';
const loadable = '@kubepass/inspect/loadable';
const commandLine = '@kubepass/inspect/command-line';
const rooms = {
  // Texts for people and clusters: kubeconfigs, CSV, the files that make a cluster refuse revoked certificates.
  formats: ['model'],
  // Threads for work that may take its time.
  workers: [x509],
  // The second opinion about a certificate that strict reading accepts.
  peculiar: [x509],
  config: ['model', x509, texts, '@kubepass/inspect/defaults'],
  // Logs, metrics, traces and health, which are given the parts that they look at.
  observability: [
    'model',
    'store',
    'context/context.ts',
    'context/under-way.ts',
    'identity/permissions.ts',
    x509,
    // The version of the program.
    commandLine,
  ],
  model: [x509, texts, '@kubepass/inspect'],
  // loopback.ts: an identity provider speaks plain HTTP on this machine alone.
  identity: ['model', x509, texts, 'config/loopback.ts'],
  policy: ['model', x509, texts, 'formats', 'workers'],
  // Reads what an identity provider sends over SCIM: bodies, filters, PATCH. Pure, and of values alone.
  scim: ['model', texts],
  audit: ['model', x509],
  // Checks exports of the audit log without a service.
  verification: ['audit', x509, commandLine],
  kubernetes: ['model', x509, texts, loadable, 'formats'],
  // permissions: who may see and retry deliveries.
  webhooks: ['model', x509, texts, 'identity/permissions.ts', 'store'],
  // permissions, for an inspection shows of the inventory what may be read.
  inspections: [
    'model',
    x509,
    '@kubepass/inspect',
    'workers',
    'identity/permissions.ts',
    'identity/spent-budgets.ts',
    'kubernetes/certificate-authorities.ts',
  ],
  // The keys of CAs, wherever they lie: files, encrypted files, agents.
  keys: ['model', x509, 'config/secrets.ts'],
  // The signers, the thread for their signatures, and the issuers whose keys are used here.
  signing: [
    'model',
    'keys',
    'store',
    'config/secrets.ts',
    'config/issuer-config.ts',
    'config/file-reason.ts',
    'peculiar/generate-certificate-authority.ts',
    x509,
    '@kubepass/x509/public-keys',
    texts,
    loadable,
    'kubernetes',
    'workers/thread.ts',
  ],
  store: ['model', 'audit', 'identity', 'workers', 'inspections/inventory.ts', x509, texts],
  // All that use cases share. From here on each room may use those before it.
  context: [
    'model',
    'store',
    'signing/signer.ts',
    'signing/cluster-issuers.ts',
    'kubernetes',
    'policy/policy-set.ts',
    x509,
    texts,
  ],
  // Ends access: blocks, revocations, lost groups, and the clusters that refuse.
  access: [
    'context',
    'model',
    'store',
    'identity',
    'kubernetes',
    'policy/policy-set.ts',
    'keys/ca-key.ts',
    'signing/cluster-issuers.ts',
    'signing/sign-verified.ts',
    'formats',
    x509,
    texts,
  ],
  // Intent, signature, check, outcome.
  issuance: [
    'context',
    'access',
    'model',
    'store',
    'signing/signer.ts',
    'signing/cluster-issuers.ts',
    'signing/sign-verified.ts',
    'kubernetes',
    'peculiar',
    x509,
    texts,
  ],
  requests: [
    'context',
    'access',
    'issuance',
    'model',
    'store',
    'policy',
    'identity',
    'signing/signer.ts',
    'formats',
    x509,
    texts,
  ],
  directory: ['context', 'access', 'requests', 'model', 'store', 'identity', x509, texts],
  clusters: ['context', 'access', 'issuance', 'model', 'store', 'identity', 'kubernetes', 'signing/signer.ts', x509],
  // The CAs of clusters: what they are, and how one follows another.
  issuers: [
    'context',
    'clusters',
    'model',
    'store',
    'identity',
    'kubernetes',
    'signing/signer.ts',
    'signing/cluster-issuers.ts',
    'signing/certification-request.ts',
    x509,
  ],
  // Checkpoints, exports and archives of the audit log.
  evidence: [
    'context',
    'model',
    'store',
    'audit',
    'verification',
    'identity',
    'requests/read-requests.ts',
    'config/secrets.ts',
    x509,
  ],
  // Copies of the database, and the way back from one.
  backup: ['context', 'access', 'evidence', 'model', 'store', 'audit', 'identity', 'config', x509, texts],
  // A route calls the use cases of its subject; the kernel has them as types alone (see `kernel` below). loopback.ts: a
  // session counts over plain HTTP on this machine alone.
  http: [
    'config/loopback.ts',
    'context',
    'access',
    'requests',
    'directory',
    'clusters',
    'issuers',
    'evidence',
    'backup',
    'webhooks',
    'inspections',
    'model',
    'identity',
    'scim',
    'formats',
    x509,
    '@kubepass/x509/openssl-text',
    '@kubepass/inspect',
    texts,
  ],
  // Keeps files on a control-plane node, without a service.
  'node-files': [commandLine, x509, loadable],
  // Constructs the adapters. It imports the context of routes, which it fills, and three other parts of
  // HTTP: how programs sign in, the settings of TLS, and the payload of webhooks.
  compose: [
    'access',
    'backup',
    'clusters',
    'config',
    'context',
    'directory',
    'evidence',
    'http/callers/routes.ts',
    'http/route-context.ts',
    'http/server/tls-settings.ts',
    'http/webhook-deliveries/event-payload.ts',
    'identity',
    'inspections',
    'issuers',
    'keys',
    'kubernetes',
    'model',
    'observability',
    'peculiar/second-reading.ts',
    'policy',
    'requests',
    'signing',
    'store',
    'webhooks',
    'workers/steady-watch.ts',
    'workers/worker-pool.ts',
    x509,
  ],
};

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

/** The folders of HTTP that know no subject. Routes stand beside them, and import them. */
const kernel = ['http/answers', 'http/plugins', 'http/problems', 'http/schemas', 'http/server'];

/** The rooms and files whose use cases routes call. The kernel of HTTP imports them as types alone. */
const useCases = [
  'context',
  'access',
  'requests',
  'directory',
  'clusters',
  'issuers',
  'evidence',
  'backup',
  'webhooks',
  'inspections/inspect-upload.ts',
  'identity/api-tokens.ts',
  'identity/spent-budgets.ts',
  'identity/callers',
  'identity/sessions.ts',
];

/** The files beside the rooms. */
const edges = {
  'app.ts': ['http', 'model/measures.ts', 'model/session.ts', 'model/tracing.ts'],
  // The process edge: nothing but signals, and what serves.
  'server.ts': ['run-service.ts'],
  'run-service.ts': [
    'compose/check-config.ts',
    'compose/compose.ts',
    'app.ts',
    'http/server/create-server.ts',
    'http/server/metrics-listener.ts',
    'config',
    'observability',
    x509,
    commandLine,
  ],
  // The other process edge: recovers from a lock-out while the service is down.
  'admin-token.ts': ['compose/api-tokens.ts', 'config', 'observability', x509, commandLine],
  // For a policy repository's own CI: loads policies and runs their tests, without a service.
  'policy-check.ts': ['policy', commandLine],
  // For auditors: checks exports of the audit log, without a service.
  'kubepass-verify.ts': ['verification', commandLine],
  // On control-plane nodes: keep the file that names revoked certificates, and that of the client CAs.
  'revocation-file.ts': ['node-files', commandLine],
  'client-ca-file.ts': ['node-files', commandLine],
  // Make backups of the database and put it back. No HTTP; `model` for a type.
  'backup.ts': ['backup/backup.ts', 'backup/verify-database.ts', 'config', commandLine],
  'restore.ts': [
    'backup/restore-database.ts',
    'backup/verify-database.ts',
    'config',
    'model/restoration.ts',
    commandLine,
  ],
  // Tries an upgrade on a copy of the database.
  'upgrade-drill.ts': ['backup/upgrade-drill.ts', 'config', x509, commandLine],
  // And the third: migrates as the role that owns the tables, which the service need not be.
  'migrate.ts': ['backup/open-store.ts', 'config', commandLine],
};

/** Libraries and the only places that may import them. */
const fences = [
  { name: 'fastify', library: '(@fastify/[^/]+|fastify|fastify-plugin)', only: ['app.ts', 'http'] },
  {
    name: 'database',
    library: '(@prisma/[^/]+|prisma|better-sqlite3|@types/better-sqlite3|pg|@types/pg)',
    only: ['store'],
  },
  { name: 'kubernetes-client', library: '(@kubernetes/client-node|undici)', only: ['kubernetes', 'identity'] },
  { name: 'worker-pool', library: 'piscina', only: ['workers'] },
  // Signatures of tokens, and the login with an identity provider.
  { name: 'oidc', library: '(jose|openid-client|oauth4webapi)', only: ['identity/oidc'] },
  // Traces, loaded only where somebody collects them.
  { name: 'opentelemetry', library: '@opentelemetry/[^/]+', only: ['observability/traces'] },
  { name: 'cookie', library: 'cookie', only: ['http'] },
  { name: 'metrics', library: 'prom-client', only: ['observability/metrics'] },
  { name: 'cel', library: '(@marcbachmann/cel-js|@bufbuild/[^/]+|cel-js)', only: ['policy/cel'] },
  { name: 'x509', library: '(@peculiar/x509|reflect-metadata|tsyringe)', only: ['peculiar'] },
  { name: 'asn1', library: '@peculiar/asn1-[^/]+', only: ['peculiar'] },
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

const allowed = ([place, imports]) => ({
  name: `${place}-imports-only-its-own`,
  comment: `${place} may import ${[...imports].join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: within(place) },
  to: { path: ours, pathNot: within(place, ...imports) },
});

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
    ...Object.entries(edges).map(allowed),
    ...Object.entries(libraries).map(allowed),
    ...fences.map(fenced),
    {
      name: 'every-room-is-known',
      comment: 'a new folder or file in src/ takes its place in the dependency rule first',
      severity: 'error',
      from: { path: '^src/', pathNot: within(...Object.keys(rooms), ...Object.keys(edges)) },
      to: {},
    },
    {
      name: 'every-imported-room-is-known',
      comment: 'the same for a file that imports nothing itself',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/', pathNot: within(...Object.keys(rooms), ...Object.keys(edges)) },
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
      from: { path: '^src/', pathNot: within('issuance') },
      to: { path: '^src/model/mint-approved-request\\.ts$' },
    },
    {
      name: 'only-the-process-edge-composes',
      comment:
        'nothing but the process edge imports compose/; nothing at all imports server.ts, and only that run-service.ts',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: within(
          'server.ts',
          'run-service.ts',
          'admin-token.ts',
          'migrate.ts',
          'backup.ts',
          'restore.ts',
          'upgrade-drill.ts',
          'compose',
        ),
      },
      to: { path: within('compose', 'server.ts', 'run-service.ts') },
    },
    {
      name: 'kernel-of-http-knows-use-cases-as-types',
      comment: 'a route calls the use cases of its subject with the context; what all routes share calls none',
      severity: 'error',
      from: { path: within('app.ts', ...kernel) },
      to: { path: within(...useCases), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-ca-files-of-signing-reach-the-database',
      comment: 'a signer gets its key and its request as arguments; these read the files of issuers and record them',
      severity: 'error',
      from: {
        path: within('signing'),
        pathNot: within(
          'signing/certificate-authority-files.ts',
          'signing/follow-issuer-files.ts',
          'signing/issuer-records.ts',
          'signing/open-issuers.ts',
          'signing/read-issuer.ts',
        ),
      },
      to: { path: within('store', 'config', 'peculiar') },
    },
    {
      name: 'observers-know-the-store-as-types',
      comment: 'compose/ hands it to them',
      severity: 'error',
      from: { path: within('observability', 'webhooks') },
      to: { path: within('store', 'context'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: {
        path: within(
          'formats',
          'model',
          'audit',
          'scim',
          'context',
          'access',
          'issuance',
          'requests',
          'directory',
          'clusters',
          'issuers',
          'packages/x509/src',
          'packages/inspect/src',
        ),
        // The program, which reads files.
        pathNot: within('packages/inspect/src/offline'),
      },
      to: { path: inputOutput },
    },
    {
      name: 'x509-library-is-loaded-at-its-first-use',
      comment: 'by import(): it would slow down every start, and few starts need it',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: within('peculiar/generate-certificate-authority.ts', 'peculiar/library-reading.ts'),
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
