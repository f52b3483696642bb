import { Code, newId, refusal, timestamp } from '@opencabinet/plugin';

import { name } from './names.js';
import * as sql from './feedback_sql.js';

/** An error whose words people read: its key stands below feedback.refusal in the locale files. */
const refuse = (code, field, key, text) => refusal(code, field, `feedback.refusal.${key}`, text);

const noFeedback = () => refuse(Code.NOT_FOUND, '', 'no_feedback', 'there is no such feedback among what you may see');

/** How long is looked back for the average, in milliseconds. */
const recently = 90 * 24 * 3600 * 1000;

/**
 * Keeps what clients think. Everything is read and written with the caller's own eyes: what they do not see is not there.
 */
export class FeedbackService {
  /**
   * @param {import('@opencabinet/plugin').Host} host
   * @param {import('@opencabinet/plugin').Contracts} contracts
   */
  constructor(host, contracts) {
    this.host = host;
    this.contracts = contracts;
    this.clients = host.client('cabinet.clientmanager.v1.ClientService');
    this.states = contracts.enum('cabinet.feedback.v1.FeedbackState');
  }

  /** Lists what was said by the clients the caller sees. */
  async listFeedback(request, call) {
    const { pages, rows } = this.host;
    const found = await sql.list(rows, call, {
      clientId: request.clientId, state: this.#stateText(request.state), ratingAtMost: request.ratingAtMost,
      after: pages.after(request, 2), limit: pages.size(request) + 1,
    });
    const { page, nextPageToken } = pages.next(request, found, (last) => [last.create_time.toISOString(), last.id]);
    const feedback = page.map((row) => this.#feedback(row));
    await name(this, call, feedback);
    return { feedback, nextPageToken };
  }

  /** Returns what a client the caller sees said. */
  async getFeedback({ id }, call) {
    return this.#named(await sql.find(this.host.rows, call, id) ?? fail(noFeedback()), call);
  }

  /** Says how the last days went. */
  async getFeedbackSummary(_, call) {
    return sql.summary(this.host.rows, call, new Date(this.host.now().getTime() - recently));
  }

  /** Says what a client thinks. */
  async createFeedback(request, call) {
    const client = await this.#clientOf(request.clientId, call);
    const response = await this.host.rows.tx(call, (tx) => tx.once(request, async () => {
      // What may be otherwise by now is looked at in here: the same request again has the first answer.
      if (await sql.holdClient(tx, client.id)) {
        throw refuse(Code.FAILED_PRECONDITION, 'client_id', 'suspended', 'this client is suspended: nothing is written down for it');
      }
      const row = {
        id: newId(), client_id: client.id, subject: request.subject.trim() || fail(empty('subject')), rating: request.rating,
        text: request.text.trim() || fail(empty('text')), state: 'new', answer: '', create_time: this.host.now(), answer_time: null, close_time: null,
      };
      await sql.insert(tx, row);
      tx.publish(client.id, 'cabinet.feedback.v1.FeedbackGiven', {
        feedbackId: row.id, clientId: client.id, rating: row.rating, time: timestamp(row.create_time),
      });
      return { feedback: this.#feedback(row) };
    }));
    response.feedback.clientName = client.name;
    return response;
  }

  /** Answers, or changes the answer. */
  async answerFeedback({ id, answer }, call) {
    return this.#change(id, call, (row) => {
      if (row.state === 'closed') throw refuse(Code.FAILED_PRECONDITION, '', 'closed', 'this was closed: nothing is answered any more');
      const text = answer.trim() || fail(empty('answer'));
      return text === row.answer ? row : { ...row, state: 'answered', answer: text, answer_time: this.host.now() };
    });
  }

  /** Says that nothing more is to be done about it. */
  async closeFeedback({ id }, call) {
    return this.#change(id, call, (row) => (row.state === 'closed' ? row : { ...row, state: 'closed', close_time: this.host.now() }));
  }

  /** Changes what was said, as the caller sees it; the same row back is no change. */
  async #change(id, call, to) {
    const row = await this.host.rows.tx(call, async (tx) => {
      const present = await sql.hold(tx, id) ?? fail(noFeedback());
      const next = to(present);
      if (next === present) return present;
      tx.audited.changed(this.#feedback(present), this.#feedback(next));
      await sql.update(tx, next);
      return next;
    });
    return this.#named(row, call);
  }

  /**
   * The client that is meant: the one named, or the one a contact acts for. It is asked for with the caller's own eyes, so
   * that nobody speaks for whom they do not see, and before the transaction: another module is asked.
   */
  async #clientOf(named, call) {
    const { kind, actingFor } = call.principal;
    if (kind === 'contact' && named !== '' && named !== actingFor) {
      throw refuse(Code.NOT_FOUND, '', 'no_client', 'there is no such client among those you may see');
    }
    const id = kind === 'contact' ? actingFor : named;
    if (id === '') throw refuse(Code.INVALID_ARGUMENT, 'client_id', 'client_needed', 'say which client said it');
    const { client } = await this.clients.getClient({ id }, call);
    return client;
  }

  /** A response that holds one, with its client's name. */
  async #named(row, call) {
    const feedback = this.#feedback(row);
    await name(this, call, [feedback]);
    return { feedback };
  }

  #feedback(row) {
    const at = (time) => time && timestamp(time);
    return this.contracts.create('cabinet.feedback.v1.Feedback', {
      id: row.id, clientId: row.client_id, subject: row.subject, rating: row.rating, text: row.text, answer: row.answer,
      state: this.states[`FEEDBACK_STATE_${row.state.toUpperCase()}`],
      createTime: at(row.create_time), answerTime: at(row.answer_time) ?? undefined, closeTime: at(row.close_time) ?? undefined,
    });
  }

  #stateText(state) {
    const found = Object.entries(this.states).find(([, number]) => number === state && number !== 0);
    return found && found[0].slice('FEEDBACK_STATE_'.length).toLowerCase();
  }
}

/** The contract asks for a text of one letter at least; one of blanks alone is none. */
const empty = (field) => refuse(Code.INVALID_ARGUMENT, field, 'empty', 'write something');

function fail(err) {
  throw err;
}
