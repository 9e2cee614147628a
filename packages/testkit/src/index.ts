export { startTestkit } from './testkit.js';
export type { Testkit, TestkitOptions } from './testkit.js';
export type { TestAccount } from './accounts.js';
export type { Mailbox, ReceivedMail } from './mailbox.js';
export type { RefreshAnswers } from './refresh-answers.js';
