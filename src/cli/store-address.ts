/** Stores as `m2mp store copy` is told of them: `lmdb:DIR`, or `cassandra:HOST[,HOST…][/KEYSPACE]`. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/options.js';
import type { StoreOptions } from '../store/open.js';
import { cassandraSession } from '../store-options.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';

export interface StoreAddress {
  /** The whole of it: a path is absolute, and hosts and keyspace are there. */
  readonly name: string;
  readonly options: StoreOptions;
}

const TAKES = 'lmdb:DIR or cassandra:HOST[:PORT][,HOST…][/KEYSPACE]';

/** What is not in the address is as configured. Throws `CliError`, naming the flag. */
export function storeAddress(flag: string, text: string, config: Config): StoreAddress {
  const [, kind, place = ''] = /^(lmdb|cassandra):(.*)$/.exec(text) ?? [];
  if (kind === 'lmdb' && place !== '') {
    const directory = resolve(place);
    return { name: `lmdb:${directory}`, options: { directory, mapSize: config['lmdb-map-size'] } };
  }
  const [, hosts = '', keyspace = config['cassandra-keyspace']] = /^([^\s/]*)(?:\/([a-z]\w{0,47}))?$/.exec(place) ?? [];
  if (kind !== 'cassandra' || (place !== '' && hosts === '' && !place.startsWith('/')))
    throw new CliError(`${flag}: ${JSON.stringify(text)} is not valid, it takes ${TAKES}`, EXIT.usage);
  const session = cassandraSession(config);
  const contactPoints = hosts === '' ? session.contactPoints : hosts.split(',');
  const allowStaleReads = config['cassandra-allow-stale-reads'];
  return {
    name: `cassandra:${contactPoints.join(',')}/${keyspace}`,
    options: { cassandra: { ...session, contactPoints, keyspace, allowStaleReads, onLargePartition: () => {} } },
  };
}

/** Whether there is a store to read at all: one that is opened would be made. */
export function isThere({ options }: StoreAddress): boolean {
  return 'cassandra' in options || existsSync(join(options.directory, 'data.mdb'));
}
