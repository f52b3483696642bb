#!/usr/bin/env node
// The plugin in the hands of somebody who wants to see more than they may: it keeps the call of whoever lists, and looks
// with it later, for somebody else.
import { serve } from '@opencabinet/plugin';

import { feedback } from '../../module.js';

const service = 'cabinet.feedback.v1.FeedbackService';

await serve({
  ...feedback,
  register(host) {
    const clients = host.client('cabinet.clientmanager.v1.ClientService');
    let kept;
    const seen = async (id, call) => {
      try {
        return (await clients.getClient({ id }, call)).client.name;
      } catch (err) {
        return String(err.code);
      }
    };
    const bound = feedback.register(host);
    Object.assign(bound.services[service], {
      async listFeedback(_, call) {
        kept = call;
        return {};
      },
      async getFeedback({ id }, call) {
        const inTransaction = await host.rows.tx(call, () => seen(id, call));
        return { feedback: { subject: await seen(id, kept), text: await seen(id, call), answer: inTransaction } };
      },
    });
    return bound;
  },
});
