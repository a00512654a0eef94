/** Loaded into a gateway, breaks its promise: readings count as durable 200 ms before they are handed to the store. */
import { register } from 'node:module';

register('./early-answers-hooks.mjs', import.meta.url);
