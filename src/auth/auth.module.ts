import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { AuditModule } from '../audit/audit.module.js';
import { Cleanup } from '../cleanup/cleanup.js';
import { CleanupModule } from '../cleanup/cleanup.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { PageCursors } from '../http/page-cursors.js';
import { MailModule } from '../mail/mail.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { SecurityModule } from '../security/security.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { CrossSiteCheck } from './cookies/cross-site-check.js';
import { DeviceTokens } from './guesses/device-tokens.js';
import { FORGOTTEN_GUESSES } from './guesses/forgotten-guesses.js';
import { GuessCounters } from './guesses/guess-counters.js';
import { GuessEvents } from './guesses/guess-events.js';
import { Guesses } from './guesses/guesses.js';
import { MailBudget } from './mail-budget.js';
import { AccessEnding } from './account/access-ending.js';
import { AccountAdministration } from './account/account-administration.js';
import { AccountController } from './account/account.controller.js';
import { AccountDeletion } from './account/account-deletion.js';
import { AccountErasure } from './account/account-erasure.js';
import { AccountMails } from './account/account-mails.js';
import { AccountNotices } from './account/account-notices.js';
import { AccountRecovery } from './account/account-recovery.js';
import { AccountRemoval } from './account/account-removal.js';
import { AccountSupport } from './account/account-support.js';
import { AdminRecovery } from './account/admin-recovery.js';
import { CredentialChanges } from './account/credential-changes.js';
import { EmailChanges } from './account/email-changes.js';
import { EmailConfirmations } from './account/email-confirmations.js';
import { Invitations } from './account/invitations.js';
import { LinksController } from './account/links.controller.js';
import { MailGuard } from './account/mail.guard.js';
import { MyEventsController } from './account/my-events.controller.js';
import { OwnerChanges } from './account/owner-changes.js';
import { PasswordChanges } from './account/password-changes.js';
import { PasswordResets } from './account/password-resets.js';
import { Reauthentication } from './account/reauthentication.js';
import { SecondFactorReset } from './account/second-factor-reset.js';
import { RequestedLinks } from './account/requested-links.js';
import { UnverifiedAccounts } from './account/unverified-accounts.js';
import { EXPIRED_CHALLENGES } from './mfa/expired-challenges.js';
import { MfaController } from './mfa/mfa.controller.js';
import { MfaChanges } from './mfa/mfa-changes.js';
import { MfaEnrolment } from './mfa/mfa-enrolment.js';
import { MfaChallenges } from './mfa/mfa-challenges.js';
import { MyAccessController } from './my-access.controller.js';
import { Registration } from './registration.js';
import { RegistrationNotices } from './registration-notices.js';
import { MfaSignIn } from './sign-in/mfa-sign-in.js';
import { PasswordSignIn } from './sign-in/password-sign-in.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignIn } from './sign-in/sign-in.js';
import { SignInNotices } from './sign-in/sign-in-notices.js';
import { SignInOpening } from './sign-in/sign-in-opening.js';
import { SignInTally } from './sign-in/sign-in-tally.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { LocalStrategy } from './strategies/local.strategy.js';
import { RefreshTokenStrategy } from './strategies/refresh-token.strategy.js';
import { TokenIssuer } from './token-issuer.js';

const strategies = [JwtStrategy, LocalStrategy, RefreshTokenStrategy];
const signIn = [
  MfaChallenges,
  MfaSignIn,
  PasswordSignIn,
  SignIn,
  SignInNotices,
  SignInOpening,
  SignInTally,
  TokenIssuer,
];
const guessing = [DeviceTokens, GuessCounters, GuessEvents, Guesses];
const account = [
  AccessEnding,
  AccountAdministration,
  AccountDeletion,
  AccountErasure,
  AccountMails,
  AccountNotices,
  AccountRecovery,
  AccountRemoval,
  AccountSupport,
  AdminRecovery,
  CredentialChanges,
  EmailChanges,
  EmailConfirmations,
  Invitations,
  MailGuard,
  MfaChanges,
  MfaEnrolment,
  OwnerChanges,
  PasswordChanges,
  PasswordResets,
  Reauthentication,
  Registration,
  RegistrationNotices,
  RequestedLinks,
  SecondFactorReset,
  UnverifiedAccounts,
];

@Module({
  imports: [
    PassportModule,
    SecurityModule,
    AuditModule,
    CleanupModule,
    CryptoModule,
    MailModule,
    ObservabilityModule,
    UsersModule,
    TokensModule,
  ],
  controllers: [
    AuthController,
    SignInController,
    AccountController,
    LinksController,
    MfaController,
    MyAccessController,
    MyEventsController,
  ],
  providers: [...strategies, ...signIn, ...guessing, ...account, AuthService, CrossSiteCheck, MailBudget, PageCursors],
  exports: [AccountAdministration, AccountRemoval, AccountSupport, Invitations],
})
export class AuthModule {
  constructor(cleanup: Cleanup, unverifiedAccounts: UnverifiedAccounts) {
    cleanup.register(unverifiedAccounts, FORGOTTEN_GUESSES, EXPIRED_CHALLENGES);
  }
}
