import { alip } from './alip/index.js';
import { gt06 } from './gt06/index.js';
import { h02 } from './h02/index.js';
import { jt808 } from './jt808/index.js';
import { m2mp } from './m2mp/index.js';
import { osmand } from './osmand/index.js';
import type { Protocol } from './protocol.js';
import { teltonika } from './teltonika/index.js';

/** The protocols this gateway speaks. A new one is one folder and one line here. */
export const protocols: readonly Protocol[] = [m2mp, alip, teltonika, jt808, gt06, h02, osmand];
