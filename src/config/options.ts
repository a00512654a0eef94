/**
 * Every option of `m2mp serve`, declared once: its key in m2mp.yaml, from which the flag (`--m2mp-port`) and the
 * variable (`M2MP_M2MP_PORT`) follow, its schema, default and meaning. The documentation's table is made from this.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { Protocol } from '../../protocols/protocol.js';
import { CONSISTENCIES } from '../store/consistency.js';
import { ROLES } from './roles.js';

export interface Option {
  /** As in m2mp.yaml, and as the flag behind `--`. */
  readonly key: string;
  readonly schema: TSchema;
  readonly fallback: string | number | boolean;
  /** What it is, with its unit. */
  readonly doc: string;
  /** What it takes, for error messages and `--help`. */
  readonly takes: string;
  /** Never printed. */
  readonly secret: boolean;
}

const port = Type.Integer({ minimum: -1, maximum: 65_535 });
const count = (minimum: number) => Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER });
const seconds = Type.Number({ minimum: 0.001, maximum: 10_000_000 });
const origin = 'https?://[a-z0-9.-]+(:[0-9]{1,5})?';
const servers = '[^\\s,]+:[0-9]{1,5}(,[^\\s,]+:[0-9]{1,5})*';
const protocolMinutes = '[a-z0-9]+=-?[0-9]{1,4}';
const consistency = Type.Enum(CONSISTENCIES);
const role = `(${ROLES.join('|')})`;

/** The port of what is off. */
export const OFF = -1;
/** In place of a protocol's name: all of them on one port. */
export const AUTO = 'auto';

/** The options that every gateway has; each protocol adds its port (`protocolPortOption`). */
const schemas = {
  data: Type.String({ minLength: 1 }),
  roles: Type.String({ pattern: `^${role}(,${role})*$` }),
  protocols: Type.String({ pattern: '^([a-z0-9]+(,[a-z0-9]+)*)?$' }),
  'auto-port': port,
  'clock-offset': Type.String({ pattern: `^(${protocolMinutes}(,${protocolMinutes})*)?$` }),
  workers: count(1),
  host: Type.String({ minLength: 1 }),
  'http-host': Type.String({ minLength: 1 }),
  'http-port': port,
  'http-trust-proxy': Type.String({ pattern: '^([0-9a-fA-F:.]+(/[0-9]{1,3})?(,[0-9a-fA-F:.]+(/[0-9]{1,3})?)*)?$' }),
  'http-cors-origins': Type.String({ pattern: `^(${origin}(,${origin})*)?$` }),
  'http-requests-per-address': count(1),
  'http-requests-per-account': count(1),
  provisioning: Type.Union([Type.Literal('auto'), Type.Literal('known')]),
  'provision-limit': count(0),
  'waiting-limit': count(1),
  debug: Type.Boolean(),
  'log-level': Type.Union([
    Type.Literal('trace'),
    Type.Literal('debug'),
    Type.Literal('info'),
    Type.Literal('warn'),
    Type.Literal('error'),
    Type.Literal('fatal'),
    Type.Literal('silent'),
  ]),
  'log-format': Type.Union([Type.Literal('auto'), Type.Literal('pretty'), Type.Literal('json')]),
  period: Type.Union([Type.Literal('month'), Type.Literal('day')]),
  ttl: Type.String({ pattern: '^$|^[^=,]+=[0-9]+[smhd](,[^=,]+=[0-9]+[smhd])*$' }),
  store: Type.Union([Type.Literal('lmdb'), Type.Literal('cassandra')]),
  durable: Type.Union([Type.Literal('store'), Type.Literal('spool')]),
  'spool-bytes': count(16 << 20),
  'lmdb-map-size': count(1 << 20),
  'cassandra-contact-points': Type.String({ pattern: '^[^\\s,]+(,[^\\s,]+)*$' }),
  'cassandra-datacenter': Type.String({ minLength: 1 }),
  'cassandra-keyspace': Type.String({ pattern: '^[a-z][a-z0-9_]{0,47}$' }),
  'cassandra-write-consistency': consistency,
  'cassandra-read-consistency': consistency,
  'cassandra-allow-stale-reads': Type.Boolean(),
  'cassandra-username': Type.String(),
  'cassandra-password': Type.String(),
  'cassandra-tls': Type.Boolean(),
  'cassandra-tls-ca': Type.String(),
  'cassandra-tls-cert': Type.String(),
  'cassandra-tls-key': Type.String(),
  bus: Type.Union([Type.Literal('local'), Type.Literal('nsq')]),
  nsqd: Type.String({ pattern: `^${servers}$` }),
  nsqlookupd: Type.String({ pattern: `^(${servers})?$` }),
  'search-nodes': Type.String({ pattern: '^$|^https?://[^\\s,]+(,https?://[^\\s,]+)*$' }),
  'search-username': Type.String(),
  'search-password': Type.String(),
  'search-ca': Type.String(),
  'search-prefix': Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,99}$' }),
  'search-readings': Type.String({ pattern: '^$|^[^\\s,]+(,[^\\s,]+)*$' }),
  'search-sweep': seconds,
  'max-connections': count(0),
  'max-connections-per-address': count(0),
  'identify-timeout': seconds,
  'ask-alive-after': seconds,
  'silence-timeout': seconds,
  'drain-timeout': seconds,
  'unacknowledged-bytes': count(1024),
  'unsent-bytes': count(1024),
  'queue-writes': count(1),
  'queue-bytes': count(1 << 20),
  'batch-writes': count(1),
} as const;

export type Settled = { readonly [K in keyof typeof schemas]: Static<(typeof schemas)[K]> };

/** All of the configuration, valid. Ports by protocol, and `auto` for all of them: -1 is off, 0 any free one. */
export interface Config extends Settled {
  readonly ports: ReadonlyMap<string, number>;
}

const consistencies = CONSISTENCIES.join(', ');

const declared: { readonly [K in keyof typeof schemas]: readonly [Settled[K], string, string] } = {
  data: ['./data', 'directory of the embedded store and the admin token', 'a directory that can be written'],
  roles: [
    ROLES.join(','),
    'what this process does: gateway, serve devices; api, serve HTTP; storage, store what is asked for on the bus',
    `of ${ROLES.join(', ')}, separated by commas`,
  ],
  protocols: [
    '',
    'protocols that are served on their customary ports besides those whose port is given; auto: all of them, on auto-port',
    'names of protocols or auto, separated by commas',
  ],
  'auto-port': [
    5000,
    'port on which, with "protocols: auto", the first bytes tell what is spoken',
    'a port, 0: any free one',
  ],
  'clock-offset': [
    '',
    'minutes that clocks of devices are ahead of UTC by protocol, such as gt06=480; a device may have its own',
    'protocol=minutes, separated by commas',
  ],
  workers: [1, 'processes that serve devices, sharing the ports; one a core at the most', 'a whole number from 1'],
  host: ['0.0.0.0', 'address on which devices are served', 'an address of this machine'],
  'http-host': ['127.0.0.1', 'address of the API', 'an address of this machine'],
  'http-port': [8080, 'port of the API', 'a port, 0: any free one, -1: off'],
  'http-trust-proxy': [
    '',
    'proxies before the API whose X-Forwarded-For, -Proto and -Host are believed, none: nobody',
    'addresses or networks such as 10.0.0.0/8, separated by commas',
  ],
  'http-cors-origins': [
    '',
    'other sites whose pages may ask the API with a token, none: no others',
    'origins such as https://fleet.example, separated by commas',
  ],
  'http-requests-per-address': [60_000, 'requests to the API of one address in a minute', 'a whole number from 1'],
  'http-requests-per-account': [60_000, 'requests to the API of one account in a minute', 'a whole number from 1'],
  provisioning: [
    'auto',
    'who may identify: auto, every device, new ones are created; known, only known ones, others wait to be admitted',
    'auto or known',
  ],
  'provision-limit': [600, 'new devices per address and minute at the most, 0: no limit', 'a whole number from 0'],
  'waiting-limit': [10_000, 'idents kept in the waiting room at the most', 'a whole number from 1'],
  debug: [false, 'whether devices may use debugging requests that change something', 'true or false'],
  'log-level': ['info', 'least level of what is logged', 'trace, debug, info, warn, error, fatal or silent'],
  'log-format': ['auto', 'auto: pretty on a terminal, else JSON', 'auto, pretty or json'],
  period: ['month', 'period of new time series rows', 'month or day'],
  ttl: [
    '',
    'time to live by type, such as _server=90d,sen:temp=36h; nothing else is ever removed',
    'type=number and s, m, h or d, separated by commas',
  ],
  store: ['lmdb', 'where the data is: lmdb, in the data directory; cassandra, in a cluster', 'lmdb or cassandra'],
  durable: [
    'store',
    'what acknowledges a reading: store, the store has it; spool, the disk of this gateway has it (cassandra only)',
    'store or spool',
  ],
  'spool-bytes': [
    2 ** 30,
    'bytes of readings that may wait on the local disk for cassandra, above which no socket is read',
    'a whole number from 16777216',
  ],
  'lmdb-map-size': [2 ** 40, 'most the embedded store may grow to, in bytes', 'a whole number from 1048576'],
  'cassandra-contact-points': [
    '127.0.0.1',
    'some of the nodes of the cluster, HOST or HOST:PORT',
    'hosts separated by commas',
  ],
  'cassandra-datacenter': ['datacenter1', 'data centre whose nodes are asked', 'the name of a data centre'],
  'cassandra-keyspace': [
    'm2mp',
    'keyspace with the tables',
    'a lower-case letter, then lower-case letters, digits and _, 48 at the most',
  ],
  'cassandra-write-consistency': [
    'LOCAL_QUORUM',
    'copies that must have a reading before it is durable',
    consistencies,
  ],
  'cassandra-read-consistency': ['LOCAL_QUORUM', 'copies that a read asks', consistencies],
  'cassandra-allow-stale-reads': [
    false,
    'whether to start with consistencies whose reads can miss what was acknowledged (W + R ≤ RF)',
    'true or false',
  ],
  'cassandra-username': ['', 'user of Cassandra, none: without credentials', 'a name'],
  'cassandra-password': ['', 'password of that user', 'a password'],
  'cassandra-tls': [false, 'whether to speak TLS with Cassandra', 'true or false'],
  'cassandra-tls-ca': ['', 'certificates that the nodes must be signed by, none: those of Node.js', 'a PEM file'],
  'cassandra-tls-cert': ['', 'certificate shown to the nodes', 'a PEM file'],
  'cassandra-tls-key': ['', 'key of that certificate', 'a PEM file'],
  bus: ['local', 'how gateways tell each other: local, there is one; nsq, through NSQ', 'local or nsq'],
  nsqd: [
    '127.0.0.1:4150',
    'nsqd by their TCP ports: the first that answers is published to, all are listened to',
    'HOST:PORT, separated by commas',
  ],
  nsqlookupd: [
    '',
    'nsqlookupd by their HTTP ports, which know the other nsqd and who listens; none: every reading is published',
    'HOST:PORT, separated by commas',
  ],
  'search-nodes': [
    '',
    'nodes of Elasticsearch or OpenSearch with the index of devices that a search asks, none: the registry is looked through',
    'URLs separated by commas',
  ],
  'search-username': ['', 'user of them, none: without credentials', 'a name'],
  'search-password': ['', 'password of that user', 'a password'],
  'search-ca': ['', 'certificates that they must be signed by, none: those of Node.js', 'a PEM file'],
  'search-prefix': ['m2mp', 'what the names of their indices begin with', 'lower-case letters, digits, _ and -'],
  'search-readings': [
    '',
    'types of readings that are indexed as they come; with the embedded store alone',
    'types separated by commas',
  ],
  'search-sweep': [
    3_600,
    'seconds between two comparisons of all devices with the index; with the embedded store alone',
    'seconds',
  ],
  'max-connections': [0, 'connections at the most, 0: open files allowed less 200', 'a whole number from 0'],
  'max-connections-per-address': [0, 'connections of one address at the most, 0: no limit', 'a whole number from 0'],
  'identify-timeout': [30, 'seconds a connection has to identify itself', 'seconds'],
  'ask-alive-after': [900, 'seconds of silence after which the device is asked whether it is there', 'seconds'],
  'silence-timeout': [43_200, 'seconds of silence after which a connection is closed', 'seconds'],
  'drain-timeout': [10, 'seconds that answers may take at shutdown', 'seconds'],
  'unacknowledged-bytes': [
    1 << 20,
    'bytes of one connection not yet durable, above which it is not read',
    'a whole number from 1024',
  ],
  'unsent-bytes': [
    1 << 20,
    'bytes one device does not take from us, above which it is closed',
    'a whole number from 1024',
  ],
  'queue-writes': [200_000, 'writes waiting for the store, above which no socket is read', 'a whole number from 1'],
  'queue-bytes': [
    128 << 20,
    'bytes waiting for the store, above which no socket is read',
    'a whole number from 1048576',
  ],
  'batch-writes': [20_000, 'writes in one commit at the most', 'a whole number from 1'],
};

const secrets: ReadonlySet<string> = new Set<keyof typeof schemas>(['cassandra-password', 'search-password']);

function declaredOption(key: keyof typeof schemas): Option {
  const [fallback, doc, takes] = declared[key];
  return { key, schema: schemas[key], fallback, doc, takes, secret: secrets.has(key) };
}

/** The name of the option that holds a protocol's port. */
export function portKey(protocol: Protocol): string {
  return `${protocol.name}-port`;
}

/** All options, those of the protocols' ports among them. */
export function optionsFor(protocols: readonly Protocol[]): Option[] {
  const ports = protocols.map((protocol) => ({
    key: portKey(protocol),
    schema: port,
    fallback: protocol.served ? protocol.port : -1,
    doc: `port of ${protocol.name.toUpperCase()} devices${protocol.served ? '' : `, customary is ${protocol.port}`}`,
    takes: 'a port, 0: any free one, -1: off',
    secret: false,
  }));
  return [...ports, ...settledKeys.map(declaredOption)];
}

/** Keys of the options that every gateway has. */
export const settledKeys = Object.keys(schemas) as (keyof typeof schemas)[];
