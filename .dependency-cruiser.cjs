// The rules of import: the folders are the architecture, and this file is what keeps it true.
const forbid = (name, comment, from, to) => ({ name, ...(comment && { comment }), severity: 'error', from, to });

/** Those at `from`, but for `except`, import nothing that is at `to`. */
const onlyFrom = (name, comment, from, to, except) =>
  forbid(name, comment, { path: from, ...(except && { pathNot: except }) }, { path: to });

/** Those at `from` import of all that is at `within` what is at `only`, and nothing else. */
const seesOnly = (name, comment, from, within, only) =>
  forbid(name, comment, { path: from }, { path: within, pathNot: only });

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'Types that name each other vanish when compiled; what is loaded has no cycles.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    onlyFrom(
      'protocols-know-bytes-only',
      'A protocol imports the interface beside it and libraries: no sockets, no storage, nothing of src.',
      '^protocols/',
      '^(src|test|bench)/|^(node:)?(net|dgram|http|fs|timers|worker_threads)$',
    ),
    seesOnly('protocols-do-not-know-each-other', null, '^protocols/([^/]+)/', '^protocols/[^/]+/', '^protocols/$1/'),
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
    seesOnly(
      'a-copy-sees-the-interface-only',
      'Whatever can be opened as a store can be copied to whatever else can.',
      '^src/store/copy/',
      '^src/',
      '^src/store/(store\\.ts$|copy/)',
    ),
    onlyFrom(
      'the-bus-is-chosen-in-one-place',
      'NSQ is imported by src/bus/open.ts alone.',
      '^src/',
      '^(src/bus/nsq[./]|node_modules/nsqjs/)',
      '^src/bus/(open\\.ts$|nsq\\.ts$|nsq/)',
    ),
    seesOnly(
      'stores-logic-sees-the-interface-only',
      'registry, series and files see store/store.ts; files are built on the registry.',
      '^src/(registry|series|files)/',
      '^src/',
      '^src/(store/store\\.ts|registry/|series/|files/)',
    ),
    seesOnly(
      'devices-see-the-stores-logic',
      null,
      '^src/(devices|accounts)/',
      '^src/',
      '^src/(store/store\\.ts|registry/|series/|files/|devices/|accounts/|bus/bus\\.ts)',
    ),
    seesOnly(
      'the-outside-sees-devices-and-ingest',
      'gateway, api and cli never reach into the database.',
      '^src/(gateway|api)/',
      '^src/store/',
      '^src/store/store\\.ts$',
    ),
    seesOnly(
      'ingest-knows-the-store-only',
      null,
      '^src/ingest/',
      '^src/',
      '^src/(store/store\\.ts|spool/spool\\.ts|ingest/|observe/)',
    ),
    seesOnly(
      'the-spool-knows-writes-only',
      'It keeps writes on the local disk, whatever store they are for.',
      '^src/spool/',
      '^src/',
      '^src/(store/(store|write-codec|directory-lock)\\.ts|spool/)',
    ),
    seesOnly(
      'the-worker-sees-series-and-bus',
      null,
      '^src/storage/',
      '^src/',
      '^src/(storage/|series/|store/store\\.ts|ingest/|bus/bus\\.ts)',
    ),
    seesOnly(
      'queries-see-series-and-devices',
      'Queries are computed, and exports written, without knowing who asked: no HTTP.',
      '^src/(queries|exports)/',
      '^src/',
      '^src/(series/|devices/|queries/|exports/)',
    ),
    seesOnly(
      'sensors-see-series-and-registry',
      null,
      '^src/sensors/',
      '^src/',
      '^src/(sensors/|registry/|series/|store/store\\.ts)',
    ),
    seesOnly(
      'live-sees-bus-series-and-devices',
      "Who listens, and how, is the API's affair.",
      '^src/live/',
      '^src/',
      '^src/(live/|bus/bus\\.ts|series/|devices/|queries/)',
    ),
    onlyFrom('queries-do-not-know-exports', 'An export writes what a query gives.', '^src/queries/', '^src/exports/'),
    onlyFrom('tests-are-not-imported', null, '^(src|protocols)/', '^(test|bench)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default'], exportsFields: ['exports'] },
  },
};
