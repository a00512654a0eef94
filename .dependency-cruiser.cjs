// The rules of import: the folders are the architecture, and this file is what keeps it true.
const onlyFrom = (name, comment, from, to, except) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(except ? { pathNot: except } : {}) },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Types that name each other vanish when compiled; what is loaded has no cycles.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'protocols-know-bytes-only',
      comment: 'A protocol imports the interface beside it and libraries: no sockets, no storage, nothing of src.',
      severity: 'error',
      from: { path: '^protocols/' },
      to: { path: '^(src|test|bench)/|^(node:)?(net|dgram|http|fs|timers|worker_threads)$' },
    },
    {
      name: 'protocols-do-not-know-each-other',
      severity: 'error',
      from: { path: '^protocols/([^/]+)/' },
      to: { path: '^protocols/[^/]+/', pathNot: '^protocols/$1/' },
    },
    onlyFrom(
      'the-store-is-chosen-in-one-place',
      'LMDB and Cassandra are imported by src/store/open.ts alone, and the connection with Cassandra by src/sync.',
      '^src/',
      '^(src/store/(lmdb|cassandra)/|node_modules/(lmdb|cassandra-driver)/)',
      '^src/(store/(open\\.ts$|lmdb/|cassandra/)|sync/cassandra\\.ts$)',
    ),
    onlyFrom(
      'search-is-reached-by-sync',
      'The client of Elasticsearch and OpenSearch is imported by src/sync alone.',
      '^src/',
      '^node_modules/@opensearch-project/',
      '^src/sync/',
    ),
    onlyFrom(
      'stores-do-not-know-each-other',
      'A store is built on the interface, not on another store.',
      '^src/store/lmdb/',
      '^(src/store/cassandra/|node_modules/cassandra-driver/)',
    ),
    {
      name: 'a-copy-sees-the-interface-only',
      comment: 'Whatever can be opened as a store can be copied to whatever else can.',
      severity: 'error',
      from: { path: '^src/store/copy/' },
      to: { path: '^src/', pathNot: '^src/store/(store\\.ts$|copy/)' },
    },
    onlyFrom(
      'the-bus-is-chosen-in-one-place',
      'NSQ is imported by src/bus/open.ts alone.',
      '^src/',
      '^(src/bus/nsq[./]|node_modules/nsqjs/)',
      '^src/bus/(open\\.ts$|nsq\\.ts$|nsq/)',
    ),
    {
      name: 'stores-logic-sees-the-interface-only',
      comment: 'registry, series and files see store/store.ts; files are built on the registry.',
      severity: 'error',
      from: { path: '^src/(registry|series|files)/' },
      to: { path: '^src/', pathNot: '^src/(store/store\\.ts|registry/|series/|files/)' },
    },
    {
      name: 'devices-see-the-stores-logic',
      severity: 'error',
      from: { path: '^src/(devices|accounts)/' },
      to: {
        path: '^src/',
        pathNot: '^src/(store/store\\.ts|registry/|series/|files/|devices/|accounts/|bus/bus\\.ts)',
      },
    },
    {
      name: 'the-outside-sees-devices-and-ingest',
      comment: 'gateway, api and cli never reach into the database.',
      severity: 'error',
      from: { path: '^src/(gateway|api)/' },
      to: { path: '^src/store/', pathNot: '^src/store/store\\.ts$' },
    },
    {
      name: 'ingest-knows-the-store-only',
      severity: 'error',
      from: { path: '^src/ingest/' },
      to: { path: '^src/', pathNot: '^src/(store/store\\.ts|spool/spool\\.ts|ingest/|observe/)' },
    },
    {
      name: 'the-spool-knows-writes-only',
      comment: 'It keeps writes on the local disk, whatever store they are for.',
      severity: 'error',
      from: { path: '^src/spool/' },
      to: { path: '^src/', pathNot: '^src/(store/(store|write-codec|directory-lock)\\.ts|spool/)' },
    },
    {
      name: 'the-worker-sees-series-and-bus',
      severity: 'error',
      from: { path: '^src/storage/' },
      to: { path: '^src/', pathNot: '^src/(storage/|series/|store/store\\.ts|ingest/|bus/bus\\.ts)' },
    },
    {
      name: 'queries-see-series-and-devices',
      comment: 'Queries are computed, and exports written, without knowing who asked: no HTTP.',
      severity: 'error',
      from: { path: '^src/(queries|exports)/' },
      to: { path: '^src/', pathNot: '^src/(series/|devices/|queries/|exports/)' },
    },
    onlyFrom('queries-do-not-know-exports', 'An export writes what a query gives.', '^src/queries/', '^src/exports/'),
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      from: { path: '^(src|protocols)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default'], exportsFields: ['exports'] },
  },
};
