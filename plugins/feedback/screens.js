const service = '/cabinet.feedback.v1.FeedbackService/';

const open = { state: 'FEEDBACK_STATE_NEW|FEEDBACK_STATE_ANSWERED' };

const answer = { id: 'answer', label: 'feedback.feedback.answer', icon: 'chat', path: '/feedback/{id}/answer', when: open };
const close = {
  id: 'close', label: 'feedback.feedback.close', icon: 'done', method: service + 'CloseFeedback', bind: { id: 'id' }, when: open,
  confirm: 'feedback.feedback.close_ask', done: 'feedback.feedback.closed',
};

/** Both sides have the same list; what a client says itself and what staff write down for it are forms of their own. */
export const screens = [
  {
    id: 'list', path: '/feedback', kind: 'list', title: 'feedback.feedback.title', icon: 'star', nav: { order: 40 },
    method: service + 'ListFeedback',
    columns: [
      { field: 'subject', link: '/feedback/{id}' },
      { field: 'rating', place: 'under' },
      { field: 'client_name', place: 'under', audience: 'staff', link: '/clients/{client_id}' },
      { field: 'create_time', place: 'under' },
      { field: 'state', place: 'end' },
    ],
    filters: ['state', 'rating_at_most', 'client_id'],
    empty: 'feedback.feedback.empty',
    actions: [
      { id: 'give', label: 'feedback.feedback.give', icon: 'plus', path: '/feedback/give', primary: true },
      { id: 'new', label: 'feedback.feedback.new', icon: 'plus', path: '/feedback/new', primary: true },
      { ...answer, row: true }, { ...close, row: true },
    ],
  },
  {
    id: 'one', path: '/feedback/{id}', kind: 'detail', title: 'feedback.feedback.one', icon: 'star', parent: 'list',
    method: service + 'GetFeedback', heading: 'subject', state: 'state',
    sections: [
      { title: 'feedback.feedback.said', fields: ['rating', 'text', 'client_name'] },
      { title: 'feedback.feedback.answered', fields: ['answer'], only_set: true },
      { title: 'feedback.feedback.course', fields: ['state', 'create_time', 'answer_time', 'close_time'], aside: true },
    ],
    actions: [{ ...answer, primary: true }, close],
  },
  {
    id: 'give', path: '/feedback/give', kind: 'form', title: 'feedback.feedback.give', intro: 'feedback.feedback.give_intro', audience: 'contacts',
    parent: 'list', method: service + 'CreateFeedback', sections: [{ fields: ['subject', 'rating', 'text'] }],
    submit: 'feedback.feedback.send', done: '/feedback/{id}',
  },
  {
    id: 'new', path: '/feedback/new', kind: 'form', title: 'feedback.feedback.new', intro: 'feedback.feedback.new_intro', audience: 'staff',
    parent: 'list', method: service + 'CreateFeedback', sections: [{ fields: ['client_id', 'subject', 'rating', 'text'] }],
    submit: 'feedback.feedback.save', done: '/feedback/{id}',
  },
  {
    id: 'answer', path: '/feedback/{id}/answer', kind: 'form', title: 'feedback.feedback.answer', intro: 'feedback.feedback.answer_intro', audience: 'staff',
    parent: 'one', method: service + 'AnswerFeedback', prefill: service + 'GetFeedback', sections: [{ fields: ['answer'] }],
    submit: 'feedback.feedback.send', done: '/feedback/{id}',
  },
];

export const tiles = [{
  id: 'summary', kind: 'figures', title: 'feedback.tiles.summary', order: 45, method: service + 'GetFeedbackSummary',
  fields: ['average', 'given', 'waiting'],
  links: { average: '/feedback', given: '/feedback', waiting: '/feedback?state=FEEDBACK_STATE_NEW' },
}];
