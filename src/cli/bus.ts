import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { type Bus, type Message, messageProblem, NotSent } from '../bus/bus.js';
import { openBus } from '../bus/open.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { CliError } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';

/** Adds `m2mp bus`: messages between gateways, watched and sent by a person. */
export function addBus(program: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => key.startsWith('nsq'));
  const verb = program.command('bus').description('messages between gateways over NSQ: tail, publish');
  const open = (command: Command): Promise<Bus> => openNsq(protocols, command, options);

  const tail = verb
    .command('tail')
    .description('show the messages of a topic as they come, one a line')
    .argument('<topic>', 'such as events, receivers or storage_failed')
    .action(async (topic: string, _, command: Command) => {
      const bus = await open(command);
      bus.subscribe(topic, 'tail', (message) => print(`${JSON.stringify(message)}\n`));
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve);
        process.once('SIGTERM', resolve);
      });
      await bus.close();
    });
  addConfigOptions(tail, options);

  const publish = verb
    .command('publish')
    .description('publish a message; ends when nsqd has taken it')
    .argument('<topic>', 'such as receivers or storage')
    .argument('<json>', 'an object with _call; _to, _from and _time are filled in', jsonObject)
    .action(async (topic: string, fields: Record<string, unknown>, _, command: Command) => {
      const message = complete(topic, fields);
      const problem = messageProblem(message);
      if (problem !== null) throw new CliError(`Invalid message: ${problem}`, EXIT.usage);
      const bus = await open(command);
      try {
        await Promise.race([bus.send(topic, message), late(TAKEN_WITHIN)]);
      } catch (error) {
        if (error instanceof NotSent) throw new CliError(error.message);
        throw error;
      } finally {
        await bus.close();
      }
    });
  addConfigOptions(publish, options);
}

/** Milliseconds that nsqd may take for a message. */
const TAKEN_WITHIN = 10_000;

async function openNsq(
  protocols: readonly Protocol[],
  command: Command,
  options: ReturnType<typeof optionsFor>,
): Promise<Bus> {
  try {
    const { nsqd, nsqlookupd } = loadConfig(protocols, configSources(command, options));
    const onTrouble = (why: string) => process.stderr.write(`m2mp bus: ${why}\n`);
    const own = { name: `m2mp_cli_${hostname()}_${process.pid}`, now: Date.now, random: Math.random };
    return await openBus({ bus: 'nsq', nsqd, nsqlookupd, ...own, onTrouble, closeWithin: CLOSE_WITHIN });
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
    throw error;
  }
}

/** Milliseconds in which a message that nobody took is given up. */
const CLOSE_WITHIN = 100;

function late(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new NotSent(`nsqd did not take it within ${milliseconds} ms`)), milliseconds).unref();
  });
}

function complete(topic: string, fields: Record<string, unknown>): Message {
  const text = (name: string, otherwise: string) => {
    const value = fields[name] ?? otherwise;
    return typeof value === 'string' ? value : '';
  };
  const time = fields['_time'];
  return {
    ...fields,
    _to: text('_to', topic),
    _from: text('_from', 'cli'),
    _call: text('_call', ''),
    _time: typeof time === 'number' ? time : Date.now() / 1_000,
  };
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It takes a JSON object such as {"_call":"send_settings"}.');
}
