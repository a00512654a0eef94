/**
 * Breaks the promise of the spool on purpose, for the tests that must notice: what it confirms as written goes to the disk
 * a little later.
 */
import { register } from 'node:module';

register('./early-spool-hooks.mjs', import.meta.url);
