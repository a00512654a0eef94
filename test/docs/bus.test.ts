import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageProblem, parseAddress } from '../../src/bus/bus.js';
import { environment, PROGRAM } from '../cli/program.js';
import { addressOf, type Nsq, SERVICE_TIMEOUT, skipWithout, startNsq } from '../services/services.js';

const text = await readFile(new URL('../../docs/bus.md', import.meta.url), 'utf8');
const block = (kind: string) => new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';
const commands = block('sh').trim().split('\n');

it('docs/bus.md: the message it shows is one', () => {
  const message = JSON.parse(block('json'));
  expect(messageProblem(message)).toBeNull();
  expect(parseAddress(message._to).parameters.get('device_id')).toMatch(/^[0-9a-f-]{36}$/);
});

describe.skipIf(skipWithout('nsq'))('over NSQ', () => {
  let nsq: Nsq;
  beforeAll(async () => {
    nsq = await startNsq('nsq-of-docs', addressOf(206));
  }, SERVICE_TIMEOUT);
  afterAll(() => {
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
  });

  it.each(commands)('docs/bus.md: what it shows works: %s', { timeout: 60_000 }, async (command) => {
    const script = command.replace(/^m2mp/, `"${process.execPath}" "${PROGRAM}"`);
    const goesOn = command.includes(' tail ');
    const env = environment({ M2MP_NSQD: `${nsq.nsqd.address}:4150` });
    const run = await new Promise<{ code: number | string; err: string }>((resolve) =>
      execFile('bash', ['-c', goesOn ? `timeout 3 ${script}` : script], { env }, (error, _, err) =>
        resolve({ code: error?.code ?? 0, err }),
      ),
    );
    expect(run).toEqual({ code: goesOn ? 124 : 0, err: '' });
    if (goesOn) return;
    const [, topic] = / publish '?(\w+)/.exec(command) ?? [];
    const answer = await fetch(`http://${nsq.nsqd.address}:4151/stats?format=json&topic=${topic}`);
    expect(await answer.json()).toMatchObject({ topics: [{ topic_name: topic, depth: 1 }] });
  });
});
