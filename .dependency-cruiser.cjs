/**
 * The direction of the arrows: which library may know which. What is not allowed here is forbidden; a new library
 * needs a line. `npm run lint` runs it, and test/architecture runs it within `npm test`.
 */
const mayImport = {
  kernel: [],
  domain: ['kernel'],
  rules: ['kernel', 'domain'],
  postgres: [],
  'event-store': ['kernel', 'postgres'],
  application: ['kernel', 'domain', 'rules', 'event-store'],
  'read-models': ['kernel', 'domain', 'event-store', 'postgres'],
  jobs: ['kernel', 'postgres'],
  engine: ['kernel', 'domain', 'event-store', 'application', 'jobs', 'documents', 'postgres'],
  documents: ['kernel', 'domain', 'audit'],
  audit: ['kernel'],
  backup: ['kernel', 'event-store', 'documents', 'postgres'],
  journal: ['kernel'],
  // Of the domain it knows the shape of a sealed value only.
  sealing: ['kernel', 'domain', 'postgres'],
  identity: ['kernel', 'postgres'],
  platform: ['kernel'],
  telemetry: ['kernel', 'platform'],
  'http-edge': ['kernel'],
  i18n: ['kernel'],
  embedded: ['kernel'],
  // Where the parts are put together: it may know them all.
  assembly: ['.*'],
  testing: ['kernel'],
};

/** Specs and what only specs use: fixtures, contract suites, fuzzers. */
const testCode = [
  '\\.spec\\.ts$',
  '/testing[^/]*\\.m?ts$',
  '/testing[^/]*\\.mjs$',
  '/(testing|test-support)/',
  '[/.-]contract[^/]*\\.ts$',
  '^libs/testing/',
];
/** The domain has a door of its own for the policies, which only the engine needs. */
const frontDoors = ['^libs/[^/]+/index\\.ts$', '^libs/domain/policies/index\\.ts$'];
/** An app that puts others together may import them. */
const composers = ['standalone', 'cli'];

const arrows = Object.entries(mayImport).map(([library, known]) => ({
  name: `arrow-${library}`,
  comment: `libs/${library} may import ${known.join(', ') || 'no library'}`,
  severity: 'error',
  from: { path: `^libs/${library}/`, pathNot: testCode },
  to: { path: '^libs/', pathNot: [`^libs/(${[library, ...known].join('|')})/`] },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'library-without-arrows',
      comment: 'a library that this file does not know; say what it may import',
      severity: 'error',
      from: { path: '^libs/', pathNot: [`^libs/(${Object.keys(mayImport).join('|')})/`] },
      to: {},
    },
    {
      name: 'by-the-front-door',
      comment: 'another library is imported by its index only (specs may use its testing.ts)',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: testCode },
      to: { path: '^libs/', pathNot: ['^libs/$1/', ...frontDoors] },
    },
    {
      name: 'apps-by-the-front-door',
      comment: 'an app imports a library by its index only',
      severity: 'error',
      from: { path: '^apps/', pathNot: testCode },
      to: { path: '^libs/', pathNot: frontDoors },
    },
    {
      name: 'not-through-its-own-index',
      comment: 'inside a library import the file itself: its own index makes a cycle',
      severity: 'error',
      from: { path: '^libs/([^/]+)/.+', pathNot: testCode },
      to: { path: '^libs/$1/index\\.ts$' },
    },
    {
      name: 'libraries-know-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-apart',
      comment: `apps never import each other, save ${composers.join(' and ')}`,
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: [`^apps/(${composers.join('|')})/`] },
      to: { path: '^apps/', pathNot: ['^apps/$1/'] },
    },
    {
      name: 'nobody-knows-the-command-line',
      severity: 'error',
      from: { path: '^apps/', pathNot: ['^apps/cli/'] },
      to: { path: '^apps/cli/' },
    },
    {
      name: 'tests-are-not-shipped',
      comment: 'what is made for specs is imported by specs only',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: testCode },
      to: { path: testCode },
    },
    {
      name: 'the-law-is-pure',
      comment: 'domain imports the kernel and nothing else: no framework, no file, no socket',
      severity: 'error',
      from: { path: '^libs/domain/', pathNot: testCode },
      to: { pathNot: ['^libs/(domain|kernel)/'] },
    },
    {
      name: 'the-kernel-is-small',
      comment: 'hashes and calendar arithmetic are all the kernel takes from outside',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: testCode },
      to: { pathNot: ['^libs/kernel/', '^(node:)?crypto$', 'node_modules/temporal-polyfill'] },
    },
    {
      name: 'one-home-per-engine',
      comment: 'TypeORM belongs to the read models',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/(read-models|assembly)/', ...testCode] },
      to: { path: 'node_modules/(@nestjs/)?typeorm/' },
    },
    {
      name: 'queues-behind-their-port',
      comment: 'BullMQ, its board and Redis belong to jobs',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/jobs/', ...testCode] },
      to: { path: 'node_modules/((@nestjs/)?bullmq|@bull-board|ioredis)/' },
    },
    {
      name: 'kurrentdb-behind-its-port',
      comment: 'the client of KurrentDB belongs to the event store',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/event-store/kurrentdb/', ...testCode] },
      to: { path: 'node_modules/(@kurrent|@grpc)/' },
    },
    {
      name: 'who-measures-and-who-is-measured',
      comment: 'metrics and traces have their library; the others know the ports of the kernel',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/telemetry/', ...testCode] },
      to: { path: 'node_modules/(prom-client|@opentelemetry/[^/]+)/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: { path: '^(libs|apps)/' },
      // A cycle of types alone is gone once compiled.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^(libs|apps)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-package',
      comment: 'what runs is among the dependencies, not among those of development; the build is not run',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [...testCode, '/bundle\\.main\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only', 'npm'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    webpackConfig: { fileName: 'test/architecture/source-aliases.cjs' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
    progress: { type: 'none' },
  },
};
