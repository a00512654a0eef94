import { Parser } from 'binary-parser';
import { m2mp } from '../../protocols/m2mp/index.js';
import { locationJson } from '../../protocols/m2mp/location-layout.js';
import { type Finding, median, type Question, round } from '../question.js';

const LOCATIONS = 1_000_000;
const ROUNDS = 5;
/** Bytes of a location with all it can have. */
const LENGTH = 16;

const declared = new Parser().uint32be('time').floatbe('lat').floatbe('lon').uint16be('spd').int16be('alt');

export const layout: Question = {
  name: 'layout',
  asks: 'What does it bring to read the layout of a location by hand, as nearly every frame is one?',
  async run(say): Promise<Finding> {
    const frame = m2mp.device().location({ time: 1.7e12, lat: 48.85661, lon: 2.35222, spd: 90, alt: 35 });
    const payload = Buffer.from(frame.subarray(frame.length - LENGTH));
    const byHand: number[] = [];
    const byParser: number[] = [];
    for (let turn = 1; turn <= ROUNDS; turn++) {
      say(`round ${turn} of ${ROUNDS}`);
      byHand.push(rate(() => locationJson(payload, 0, LENGTH)?.length ?? 0));
      byParser.push(rate(() => declared.parse(payload).time));
    }
    const ratio = median(byHand.map((one, index) => one / (byParser[index] ?? 0)));
    const rows = [
      { how: 'by hand, with its JSON', 'locations/s': Math.round(median(byHand)), 'to the parser': round(ratio) },
      { how: 'by binary-parser, without JSON', 'locations/s': Math.round(median(byParser)), 'to the parser': 1 },
    ];
    return { rows, bars: [] };
  },
};

/** Times a second; what comes of it is summed, so that nothing is left out as unused. */
function rate(once: () => number): number {
  const started = process.hrtime.bigint();
  let sum = 0;
  for (let n = 0; n < LOCATIONS; n++) sum += once();
  if (sum === 0) throw new Error('nothing was read');
  return (LOCATIONS / Number(process.hrtime.bigint() - started)) * 1e9;
}
