import type { Answer, Question } from '../../protocols/protocol.js';
import { type Device, seriesOf } from '../devices/device.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Looks up what a device asks. */
export async function answerTo(
  parts: GatewayParts,
  connection: Connection,
  device: Device,
  question: Question,
): Promise<Answer> {
  switch (question.ask) {
    case 'pendingSettings':
      return { to: 'pendingSettings', settings: await parts.settings.pending(device.id) };
    case 'allSettings':
      return { to: 'allSettings', settings: await allSettings(parts, device.id) };
    case 'setting': {
      const settings = await allSettings(parts, device.id);
      return { to: 'setting', settings: settings.filter((setting) => setting.name === question.name) };
    }
    case 'pendingCommands':
      return { to: 'pendingCommands', commands: await parts.commands.pending(device.id, parts.clock.now()) };
    case 'file': {
      const firmware = await parts.firmware.find(question.name);
      return { to: 'file', size: firmware ? firmware.size : null };
    }
    case 'piece': {
      const bytes = await parts.firmware.readAt(question.name, question.offset, question.size);
      return bytes ? { to: 'piece', bytes } : { to: 'refused', why: `there is no file ${question.name} any more` };
    }
    case 'lastReadings':
      return { to: 'lastReadings', readings: await lastReadings(parts, device.id, question.count) };
    case 'logLevel':
      if (question.level === null) return { to: 'logLevel', level: connection.logLevel };
      if (!LOG_LEVELS.includes(question.level))
        return { to: 'refused', why: `no such log level ${question.level}, expected one of ${LOG_LEVELS.join(' ')}` };
      connection.logLevel = question.level;
      return { to: 'logLevel', level: question.level };
    case 'setSetting':
      await parts.settings.set(device.id, question.name, question.value);
      for (const held of parts.connections.of(device.id)) held.deliverSettings();
      return { to: 'setSetting' };
    case 'addCommand':
      await parts.commands.add(device.id, question.text, {});
      for (const held of parts.connections.of(device.id)) held.deliverCommands();
      return { to: 'addCommand' };
  }
}

/** The values that are wanted: those waiting to be sent win over the ones reported. */
async function allSettings(parts: GatewayParts, deviceId: string): Promise<{ name: string; value: string }[]> {
  const settings = await parts.settings.list(deviceId);
  return settings.map(({ name, value, pending }) => ({ name, value: pending ?? value }));
}

async function lastReadings(
  parts: GatewayParts,
  deviceId: string,
  count: number,
): Promise<{ time: number; type: string; data: string }[]> {
  const page = await parts.series.page({ id: seriesOf(deviceId), order: 'newest', limit: count });
  return page.readings.map(({ time, type, data }) => ({ time, type, data }));
}
