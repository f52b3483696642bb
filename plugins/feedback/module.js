/**
 * Feedback: clients say what they think of what was done for them, in stars and words; staff read it, answer and close
 * it. It is a plugin in Node, written with nothing but what a third party may import.
 *
 *   main.js           the program
 *   module.js         the module at a glance
 *   manifest.js       what it says of itself; screens.js its pages
 *   feedback.js       the methods; feedback_sql.js their SQL
 *   names.js          how clients are called
 *   events.js         what it hears
 *   contracts.binpb   the contracts it speaks, which make generate writes of their .proto files
 */
import { Contracts, on } from '@opencabinet/plugin';
import { readFileSync } from 'node:fs';

import { clientResumed, clientSuspended } from './events.js';
import { FeedbackService } from './feedback.js';
import { manifest } from './manifest.js';

const contracts = Contracts.read(new URL('./contracts.binpb', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

/** @type {import('@opencabinet/plugin').Module} */
export const feedback = {
  manifest, contracts, version, folder: import.meta.dirname,
  register: (host) => ({
    services: { 'cabinet.feedback.v1.FeedbackService': new FeedbackService(host, contracts) },
    // One subscriber hears of suspension and its end, so that both come in order.
    events: [
      on('feedback.clients', 'cabinet.clientmanager.v1.ClientSuspended', clientSuspended(host)),
      on('feedback.clients', 'cabinet.clientmanager.v1.ClientResumed', clientResumed(host)),
    ],
  }),
};
