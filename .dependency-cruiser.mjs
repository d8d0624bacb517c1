/** Arrows point one way: apps → adapters → ports → ledger → otlp. */
const apps = '^apps/';
const adapters = '^packages/(broker|store)-[^/]+/';
const ports = '^packages/(broker|ledger|store|consumer|spill)/';
const leaves = '^packages/(resilience|journal|ring|runtime|otlp)/';
const tests = '(\\.test\\.ts$|/test/|^test/)';

export default {
  forbidden: [
    {
      name: 'leaves-know-no-package',
      severity: 'error',
      comment: 'resilience, journal, ring, runtime and otlp import no other package of Spillway',
      from: { path: `${leaves}`, pathNot: tests },
      to: { path: '^(apps|packages)/', pathNot: leaves },
    },
    {
      name: 'leaves-are-apart',
      severity: 'error',
      from: { path: '^packages/(resilience|journal|ring|runtime|otlp)/', pathNot: tests },
      to: {
        path: '^packages/(resilience|journal|ring|runtime|otlp)/',
        pathNot: '^packages/$1/',
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
      from: { path: '^packages/((?:broker|store)-[^/]+)/' },
      to: { path: [adapters, apps], pathNot: '^packages/$1/' },
    },
    {
      name: 'only-main-names-adapters',
      severity: 'error',
      from: { path: apps, pathNot: [tests, '/src/(main|adapters|adapter-budget|config)\\.ts$'] },
      to: { path: adapters },
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
