/** Arrows point one way: apps → adapters → ports → ledger → otlp → events. */
const apps = '^apps/';
const adapters = '^packages/(broker|store|fleet)-[^/]+/';
const ports = '^packages/(broker|ledger|store|consumer|dead-letters|spill)/';
const leafNames = '(resilience|journal|runtime|otlp|redis)';
const leaves = `^packages/${leafNames}/`;
const ground = '^packages/(events|metrics)/';
const tools = '^packages/(load|demo)/';
const tests = '(\\.test\\.ts$|/test/|^test/)';

export default {
  forbidden: [
    {
      name: 'events-know-no-package',
      severity: 'error',
      from: { path: ground },
      to: { path: '^(apps|packages)/', pathNot: ground },
    },
    {
      name: 'leaves-know-no-package',
      severity: 'error',
      comment:
        'resilience, journal, runtime, otlp and redis import no other package of the repository but events and metrics',
      from: { path: leaves, pathNot: tests },
      to: { path: '^(apps|packages)/', pathNot: [leaves, ground] },
    },
    {
      name: 'leaves-are-apart',
      severity: 'error',
      comment: 'each may wait by resilience',
      from: { path: leaves, pathNot: tests },
      to: { path: leaves, pathNot: '^packages/(resilience|$1)/' },
    },
    {
      name: 'keys-know-runtime',
      severity: 'error',
      from: { path: '^packages/keys/', pathNot: tests },
      to: {
        path: '^(apps|packages)/',
        pathNot: '^packages/(keys|runtime|resilience|events|metrics)/',
      },
    },
    {
      name: 'ports-know-no-adapter',
      severity: 'error',
      from: { path: ports, pathNot: tests },
      to: { path: [adapters, apps] },
    },
    {
      name: 'adapters-are-apart',
      severity: 'error',
      comment: 'an adapter never imports another adapter nor an app',
      from: { path: '^packages/((?:broker|store|fleet)-[^/]+)/' },
      to: { path: [adapters, apps], pathNot: '^packages/$1/' },
    },
    {
      name: 'only-modules-name-adapters',
      severity: 'error',
      comment: 'what the configuration chooses is decided in apps/spillway/src/modules',
      from: { path: apps, pathNot: [tests, '^apps/spillway/src/modules/'] },
      to: { path: adapters },
    },
    {
      name: 'the-registry-knows-no-module',
      severity: 'error',
      from: { path: '^apps/spillway/src/registry/', pathNot: tests },
      to: { path: '^apps/spillway/src/modules/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tools-are-loaded-late',
      severity: 'error',
      comment: 'production images go without the load generator and the demo',
      from: { path: '^(apps|packages)/', pathNot: [tests, tools] },
      to: { path: tools, dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'tools-know-no-product',
      severity: 'error',
      from: { path: tools, pathNot: tests },
      to: { path: '^(apps|packages)/', pathNot: [tools, '^packages/(otlp|resilience)/'] },
    },
    {
      name: 'apps-are-apart',
      severity: 'error',
      comment: 'only the all-in-one command line may import other apps',
      from: { path: '^apps/(?!spillway/)([^/]+)/', pathNot: tests },
      to: { path: apps, pathNot: '^apps/$1/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|web)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
    parser: 'swc',
  },
};
