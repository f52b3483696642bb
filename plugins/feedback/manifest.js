import { screens, tiles } from './screens.js';

/** A right of contacts, of managers, their own and a branch's, and of heads: whose rows it reaches. */
function permission(name, { contacts, managers }) {
  const presets = { manager: managers, 'branch-manager': managers, head: 'all' };
  return { name: `feedback.feedback.${name}`, title: `feedback.permissions.feedback.${name}`, presets: contacts ? { client: contacts, ...presets } : presets };
}

/** What the module says of itself, in the form of kernel/module.Manifest. */
export const manifest = {
  id: 'feedback',
  provides: ['cabinet.feedback.v1.FeedbackService'],
  requires: ['cabinet.clientmanager.v1.ClientService'],
  publishes: ['cabinet.feedback.v1.FeedbackGiven'],
  permissions: [
    permission('read', { contacts: 'granted', managers: 'granted' }),
    permission('create', { contacts: 'granted', managers: 'granted' }),
    permission('answer', { managers: 'granted' }),
    permission('close', { managers: 'granted' }),
  ],
  screens,
  tiles,
};
