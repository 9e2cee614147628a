import { Module } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { DataSource } from 'typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { Cleanup } from '../cleanup/cleanup.js';
import { CleanupModule } from '../cleanup/cleanup.module.js';
import { AppConfig } from '../config/app-config.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { AccessTokenIssuer } from './access/access-token-issuer.js';
import { AccessTokenProfile } from './access/access-token-profile.js';
import { AccessTokenVerifier } from './access/access-token-verifier.js';
import { VerifiedTokens } from './access/verified-tokens.js';
import { SigningKeysModule } from './keys/signing-keys.module.js';
import { KeyRotation } from './keys/key-rotation.js';
import { RETIRED_KEYS } from './keys/retired-keys.js';
import { SigningKeys } from './keys/signing-keys.js';
import { Introspection } from './oauth/introspection.js';
import { TokenRevocation } from './oauth/token-revocation.js';
import { OauthController } from './oauth/oauth.controller.js';
import { WellKnownController } from './oauth/well-known.controller.js';
import { Denylist } from './revocation/denylist.js';
import { PageCursors } from '../http/page-cursors.js';
import { EXPIRED_REVOCATIONS } from './revocation/expired-revocations.js';
import { RevocationCheck } from './revocation/revocation-check.js';
import { RevocationFeed } from './revocation/revocation-feed.js';
import { NoSignal, NotifySignal, RevocationSignal } from './revocation/revocation-signal.js';
import { RevocationStreams } from './revocation/revocation-streams.js';
import { RevocationsController } from './revocation/revocations.controller.js';
import { Revocations } from './revocation/revocations.js';
import { BulkEvents } from './session-control/bulk-events.js';
import { BulkRevocation } from './session-control/bulk-revocation.js';
import { EraSweep } from './session-control/era-sweep.js';
import { EveryoneRevocation } from './session-control/everyone-revocation.js';
import { SPENT_ERA_RAISES } from './session-control/spent-era-raises.js';
import { SessionSearch } from './session-control/session-search.js';
import { MySessionsController } from './sessions/my-sessions.controller.js';
import { ENDED_SESSIONS } from './sessions/ended-sessions.js';
import { RefreshEvents } from './sessions/refresh-events.js';
import { RefreshTokens } from './sessions/refresh-tokens.js';
import { SessionEvents } from './sessions/session-events.js';
import { SessionOpening } from './sessions/session-opening.js';
import { SessionReader } from './sessions/session-reader.js';
import { SessionRefresh } from './sessions/session-refresh.js';
import { SessionsService } from './sessions/sessions.service.js';

const revocationSignal: Provider = {
  provide: RevocationSignal,
  inject: [AppConfig, DataSource],
  useFactory: (config: AppConfig, dataSource: DataSource) =>
    config.database.pooler === 'transaction' ? new NoSignal() : new NotifySignal(dataSource, config),
};

@Module({
  imports: [
    AuditModule,
    CleanupModule,
    CryptoModule,
    MailModule,
    ObservabilityModule,
    SigningKeysModule,
    JwtModule.registerAsync({
      imports: [SigningKeysModule],
      inject: [SigningKeys],
      // Always a KeyObject: jsonwebtoken parses a string or PEM anew at every call.
      useFactory: (keys: SigningKeys) => ({ secretOrKeyProvider: () => keys.signer().sign }),
    }),
  ],
  controllers: [MySessionsController, OauthController, RevocationsController, WellKnownController],
  providers: [
    AccessTokenIssuer,
    AccessTokenProfile,
    AccessTokenVerifier,
    BulkEvents,
    BulkRevocation,
    Denylist,
    EraSweep,
    EveryoneRevocation,
    Introspection,
    TokenRevocation,
    KeyRotation,
    RefreshEvents,
    RefreshTokens,
    RevocationCheck,
    RevocationFeed,
    revocationSignal,
    Revocations,
    RevocationStreams,
    PageCursors,
    SessionEvents,
    SessionOpening,
    SessionReader,
    SessionRefresh,
    SessionSearch,
    SessionsService,
    VerifiedTokens,
  ],
  exports: [
    AccessTokenIssuer,
    AccessTokenVerifier,
    BulkRevocation,
    EveryoneRevocation,
    KeyRotation,
    RefreshTokens,
    RevocationFeed,
    Revocations,
    SessionOpening,
    SessionReader,
    SessionRefresh,
    SessionSearch,
    SessionsService,
    SigningKeysModule,
  ],
})
export class TokensModule {
  constructor(cleanup: Cleanup) {
    cleanup.register(EXPIRED_REVOCATIONS, ...ENDED_SESSIONS, SPENT_ERA_RAISES, RETIRED_KEYS);
  }
}
