/** What a session knows of its conversation. */
import type { Outcome } from '../effects.js';
import type { Commands } from './commands.js';

export interface Conversation extends Outcome {
  /** `identifying` waits to be told the outcome, and nothing more is read meanwhile. */
  state: 'unidentified' | 'identifying' | 'identified' | 'closed';
  readonly commands: Commands;
  /** Minutes that the device's clock is ahead of UTC. */
  clockOffset: number;
  /** UNIX ms. */
  now: number;
}
