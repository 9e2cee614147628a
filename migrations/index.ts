import { CreateUsers1764000000001 } from './1764000000001-create-users.js';
import { CreateDeployment1764000000002 } from './1764000000002-create-deployment.js';
import { CreateSessions1764000000003 } from './1764000000003-create-sessions.js';
import { CreateRevocations1764000000004 } from './1764000000004-create-revocations.js';
import { CreateKeys1764000000005 } from './1764000000005-create-keys.js';
import { CreateGuesses1764000000006 } from './1764000000006-create-guesses.js';
import { CreateServiceClients1764000000007 } from './1764000000007-create-service-clients.js';
import { CreateAuditEvents1764000000008 } from './1764000000008-create-audit-events.js';

/** Every migration, oldest first. One that a release has shipped is never changed: a new one follows it. */
export const migrations = [
  CreateUsers1764000000001,
  CreateDeployment1764000000002,
  CreateSessions1764000000003,
  CreateRevocations1764000000004,
  CreateKeys1764000000005,
  CreateGuesses1764000000006,
  CreateServiceClients1764000000007,
  CreateAuditEvents1764000000008,
];
