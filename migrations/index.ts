import { CreateUsers1764000000001 } from './1764000000001-create-users.js';
import { CreateDeployment1764000000002 } from './1764000000002-create-deployment.js';
import { CreateSessions1764000000003 } from './1764000000003-create-sessions.js';
import { CreateRevocations1764000000004 } from './1764000000004-create-revocations.js';
import { CreateKeys1764000000005 } from './1764000000005-create-keys.js';
import { CreateGuesses1764000000006 } from './1764000000006-create-guesses.js';
import { CreateServiceClients1764000000007 } from './1764000000007-create-service-clients.js';
import { CreateAuditEvents1764000000008 } from './1764000000008-create-audit-events.js';
import { CreateActionLinks1764000000009 } from './1764000000009-create-action-links.js';
import { CreateMailOutbox1764000000010 } from './1764000000010-create-mail-outbox.js';
import { CreateSecondFactors1764000000011 } from './1764000000011-create-second-factors.js';
import { EscalateGuesses1764000000012 } from './1764000000012-escalate-guesses.js';
import { ExpireRegistrations1764000000013 } from './1764000000013-expire-registrations.js';
import { SealAuditEvents1764000000014 } from './1764000000014-seal-audit-events.js';
import { ControlSessions1764000000015 } from './1764000000015-control-sessions.js';
import { SearchUsers1764000000016 } from './1764000000016-search-users.js';
import { CleanUp1764000000017 } from './1764000000017-clean-up.js';

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
  CreateActionLinks1764000000009,
  CreateMailOutbox1764000000010,
  CreateSecondFactors1764000000011,
  EscalateGuesses1764000000012,
  ExpireRegistrations1764000000013,
  SealAuditEvents1764000000014,
  ControlSessions1764000000015,
  SearchUsers1764000000016,
  CleanUp1764000000017,
];
