import { Contracts, kernel } from '../contracts.js';

/** The contract that the tests speak: feedback's, which lies beside the kit. */
export const contracts = Contracts.read(new URL('../../feedback/contracts.binpb', import.meta.url));
export const service = 'cabinet.feedback.v1.FeedbackService';

/** A log that keeps its lines. */
export function keptLog() {
  const lines = [];
  const at = (level) => (msg, attributes) => lines.push({ level, msg, ...attributes });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Who acts, as the portal sends it. */
export const acting = (init) => kernel.create('cabinet.kernel.v1.Acting', init);
export { kernel };
