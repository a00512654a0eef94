/** A table of another program: `sensor_data (sensor_id, time, reading)`, whatever the types of its columns. */
import { types } from 'cassandra-driver';
import { StoreNotOpened } from '../errors.js';
import type { Session } from './session.js';

export interface SensorRow {
  readonly sensor: string;
  /** ISO 8601, or as it stands there: UNIX time. */
  readonly time: string | number;
  /** A number where it is one, else its text. */
  readonly reading: unknown;
}

const TABLE = 'sensor_data';
const COLUMNS = ['sensor_id', 'time', 'reading'];

/** Pages of all its rows; rejects with `StoreNotOpened` where there is no such table. */
export async function* readSensorRows(session: Session, keyspace: string): AsyncIterable<SensorRow[]> {
  const columns = await session.once({
    query: 'SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
    params: [keyspace, TABLE],
  });
  const there = new Set(columns.rows.map((row) => String(row.get('column_name'))));
  const missing = COLUMNS.filter((column) => !there.has(column));
  if (missing.length > 0)
    throw new StoreNotOpened('foreign', `${keyspace}.${TABLE} has no column ${missing.join(', ')}, or is not there`);
  const query = `SELECT ${COLUMNS.join(', ')} FROM "${keyspace}".${TABLE}`;
  for await (const page of session.readPages({ query, params: [] })) yield page.map(toSensorRow);
}

function toSensorRow(row: types.Row): SensorRow {
  return {
    sensor: String(row.get('sensor_id')),
    time: timeOf(row.get('time')),
    reading: readingOf(row.get('reading')),
  };
}

function timeOf(value: unknown): string | number {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof types.TimeUuid) return value.getDate().toISOString();
  return typeof value === 'number' ? value : String(value);
}

function readingOf(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
    return value;
  // What is wider than a number of JavaScript is told by its text, where that would be another number.
  const text = String(value);
  return String(Number(text)) === text ? Number(text) : text;
}
